package fleets

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// State is how a fleet is.
type State string

// The states of a fleet.
const (
	InLine  State = "in_line" // nothing is asked for; Last says how the last sync ended
	Waiting State = "waiting" // for a worker
	Running State = "running"
	Failing State = "failing" // tried again by itself, from Due on
	Parked  State = "parked"  // the login has ended: goes on within a minute of a new one
	Held    State = "held"    // a brake of provision holds its plan: see Plan
)

// Status is what is known of a fleet. It marshals as JSON, for a page.
type Status struct {
	Fleet string `json:"fleet"`
	State State  `json:"state"`
	// Reason is why the fleet is failing, parked or held, also while it is tried
	// again; Since is when that began.
	Reason   string    `json:"reason,omitzero"`
	Since    time.Time `json:"since,omitzero"`
	Failures int       `json:"failures,omitzero"` // in a row
	// Plan is the hash of the plan that is held, for [Engine.Release].
	Plan string `json:"plan,omitzero"`
	// Process is who has the fleet in hand: "host/4711/…".
	Process  string    `json:"process,omitzero"`
	Due      time.Time `json:"due,omitzero"` // when it is tried next, where that is not now
	Started  time.Time `json:"started,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
	Schedule string    `json:"schedule,omitzero"`
	Next     time.Time `json:"next,omitzero"` // turn of the schedule
	Last     *Result   `json:"last,omitzero"`
}

// Status returns what is known of one fleet. Of one that was never asked for, it
// is an error for which errors.Is(err, sql.ErrNoRows).
func (e *Engine) Status(ctx context.Context, id string) (*Status, error) {
	all, err := e.db.state.statuses(ctx, e.times.lease, `WHERE id = $1`, id)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("there is no such fleet: %w", sql.ErrNoRows)
	}
	if err != nil {
		return nil, fmt.Errorf("fleets: the status of %q: %w", id, err)
	}
	return &all[0], nil
}

// Statuses lists up to most fleets in the order of their ids, those after after:
// "" for the first page.
func (e *Engine) Statuses(ctx context.Context, after string, most int) ([]Status, error) {
	all, err := e.db.state.statuses(ctx, e.times.lease, `WHERE id > $1 ORDER BY id LIMIT $3`, after, most)
	if err != nil {
		return nil, fmt.Errorf("fleets: the status of the fleets: %w", err)
	}
	return all, nil
}

// statuses reads rows; which has $1 and what comes after $2 in it.
func (s *state) statuses(ctx context.Context, lease time.Duration, which string, first any, more ...any) ([]Status, error) {
	rows, err := s.rows(ctx, `SELECT id, wanted > done, holder IS NOT NULL AND `+alive+`, holder, due_at, {now},
		started_at, ended_at, failures, trouble, reason, since, plan, schedule, next_at, result
		FROM motive_fleets `+which, append([]any{first, lease.Milliseconds()}, more...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Status
	for rows.Next() {
		st, err := scanStatus(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, st)
	}
	return all, rows.Err()
}

func scanStatus(rows *sql.Rows) (Status, error) {
	var (
		st                          Status
		wanting, inHand             bool
		holder                      sql.NullString
		due, now                    int64
		started, ended, since, next sql.NullInt64
		why                         trouble
		result                      string
	)
	err := rows.Scan(&st.Fleet, &wanting, &inHand, &holder, &due, &now, &started, &ended, &st.Failures,
		(*string)(&why), &st.Reason, &since, &st.Plan, &st.Schedule, &next, &result)
	if err != nil {
		return st, err
	}
	if result != "" {
		st.Last = &Result{}
		if err := json.Unmarshal([]byte(result), st.Last); err != nil {
			return st, errors.New("the result of its last sync is damaged")
		}
	}
	if inHand {
		st.Process = holder.String
	}
	st.State = stateOf(wanting, inHand, due > now, why)
	st.Started, st.Ended, st.Since = moment(started), moment(ended), moment(since)
	if st.Schedule != "" {
		st.Next = moment(next)
	}
	if st.State == Failing || st.State == Parked {
		st.Due = time.UnixMilli(due)
	}
	return st, nil
}

// stateOf tells how a fleet is. A fleet in trouble is in it until it is tried
// again.
func stateOf(wanting, inHand, later bool, why trouble) State {
	switch {
	case inHand:
		return Running
	case wanting && later && why != "":
		return State(why)
	case wanting:
		return Waiting
	}
	return InLine
}

func moment(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return time.UnixMilli(ms.Int64)
}
