-- Each request updates its fleet's row: half of every page is kept free, so that
-- the new version of a row finds room beside the old one.
CREATE TABLE motive_limits (
	fleet        text PRIMARY KEY,
	-- When the bucket will be full again if nothing else is asked for: the
	-- theoretical arrival time of the generic cell rate algorithm, GCRA.
	full_at      timestamptz NOT NULL,
	paused_until timestamptz
) WITH (fillfactor = 50);

-- motive_take lets one request of a fleet through if there is room for it now.
-- gap is the time between two requests at the rate, slack how far ahead of it a
-- request may be. wait is until the next request may be let through, this one
-- if taken is false.
CREATE FUNCTION motive_take(the_fleet text, gap interval, slack interval, OUT taken boolean, OUT wait interval)
LANGUAGE plpgsql AS $$
DECLARE
	entry    motive_limits%ROWTYPE;
	this_is  timestamptz;
	full_at_ timestamptz;
BEGIN
	-- A crash of the server that takes the last half second of a limit with it
	-- does no harm, and to wait for the disk at each request would.
	PERFORM set_config('synchronous_commit', 'off', true);

	SELECT * INTO entry FROM motive_limits WHERE fleet = the_fleet FOR UPDATE;
	IF NOT FOUND THEN
		INSERT INTO motive_limits (fleet, full_at) VALUES (the_fleet, clock_timestamp())
		ON CONFLICT (fleet) DO NOTHING;
		SELECT * INTO entry FROM motive_limits WHERE fleet = the_fleet FOR UPDATE;
	END IF;

	-- The row is locked: from here on nobody else reads the clock.
	this_is := clock_timestamp();
	full_at_ := greatest(this_is, entry.full_at);
	-- A request moves full_at to this_is + slack + gap at the most. What is much
	-- further ahead was written before the clock was set back.
	IF full_at_ > this_is + slack + gap + interval '1 minute' THEN
		full_at_ := this_is + slack;
	END IF;
	-- A pause leaves an empty bucket behind: the first request after it is let
	-- through alone, and not a burst.
	full_at_ := greatest(full_at_, entry.paused_until + slack);

	taken := full_at_ - slack <= this_is;
	IF taken THEN
		full_at_ := full_at_ + gap;
		UPDATE motive_limits SET full_at = full_at_ WHERE fleet = the_fleet;
	END IF;
	wait := greatest(full_at_ - slack - this_is, interval '0');
END
$$;
