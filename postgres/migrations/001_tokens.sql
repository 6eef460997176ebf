CREATE TABLE motive_tokens (
	name     text PRIMARY KEY,
	-- Made up at random by each process that takes the lock. A Save names it, so
	-- that it fails once somebody else has taken the lock.
	holder   text NOT NULL,
	-- How often the record was saved, for those who look into the table.
	version  bigint NOT NULL DEFAULT 0,
	-- Null until the first Save.
	record   bytea,
	saved_at timestamptz
);
