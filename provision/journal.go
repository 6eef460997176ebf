package provision

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// Journal is what has been done of a plan, in a file of JSON lines. It holds no
// secrets: steps by their number, ids of users, and what the service said of a
// step that it refused. Each line is on the disk before the run goes on.
type Journal struct {
	path string

	mu     sync.Mutex
	file   *os.File
	plan   string // the hash; "" where nothing has been applied yet
	begun  map[int]bool
	done   map[int]entry
	ended  bool
	failed error // a write that failed, after which none is certain
}

// entry is a line of the journal.
type entry struct {
	Plan    string  `json:"plan,omitzero"` // of the first line: the plan's hash
	Step    *int    `json:"step,omitzero"`
	Event   string  `json:"event"`
	Outcome Outcome `json:"outcome,omitzero"`
	User    int64   `json:"user,omitzero"`
	Problem string  `json:"problem,omitzero"` // of a step that the service refused
}

const (
	eventPlan  = "plan"
	eventBegin = "begin" // a write is about to be sent
	eventDone  = "done"
	eventEnd   = "end" // every step has come to an end, and the plan is spent
)

// OpenJournal opens the journal in the file at path, or starts one. A last line
// that was cut off, as when the machine lost its power, is dropped. A journal is
// for one plan and one program at a time.
func OpenJournal(path string) (*Journal, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("provision: open the journal: %w", err)
	}
	j := &Journal{path: path, file: file, begun: make(map[int]bool), done: make(map[int]entry)}
	if err := j.read(); err != nil {
		return nil, errors.Join(fmt.Errorf("provision: read the journal %s: %w", path, err), file.Close())
	}
	return j, nil
}

// Close closes the file.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.file.Close(); err != nil {
		return fmt.Errorf("provision: close the journal: %w", err)
	}
	return nil
}

func (j *Journal) read() error {
	data, err := io.ReadAll(j.file)
	if err != nil {
		return err
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	for n, line := range bytes.Split(data[:whole], []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("line %d is none of a journal: %w", n+1, err)
		}
		if err := j.take(e); err != nil {
			return fmt.Errorf("line %d %w", n+1, err)
		}
	}
	if whole == len(data) {
		return nil
	}
	if err := j.file.Truncate(int64(whole)); err != nil {
		return err
	}
	_, err = j.file.Seek(int64(whole), io.SeekStart)
	return err
}

// take applies a line to what is known.
func (j *Journal) take(e entry) error {
	switch {
	case e.Event == eventPlan && j.plan == "":
		j.plan = e.Plan
	case e.Event == eventBegin && e.Step != nil:
		j.begun[*e.Step] = true
	case e.Event == eventDone && e.Step != nil:
		j.done[*e.Step] = e
	case e.Event == eventEnd:
		j.ended = true
	default:
		return fmt.Errorf("has the event %q, which does not belong there", e.Event)
	}
	return nil
}

// start takes the journal for a plan.
func (j *Journal) start(hash string) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.plan == "":
		return j.write(entry{Event: eventPlan, Plan: hash})
	case j.plan != hash:
		return fmt.Errorf("provision: the journal %s is of plan %.8s, and this is plan %.8s; give each plan a journal of its own", j.path, j.plan, hash)
	case j.ended:
		return fmt.Errorf("provision: plan %.8s was applied to its end, says the journal %s; make a new plan: %w", hash, j.path, ErrStale)
	}
	return nil
}

// before returns how a step ended in an earlier run.
func (j *Journal) before(step int) (entry, bool) {
	if j == nil {
		return entry{}, false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	e, ok := j.done[step]
	return e, ok
}

// begin notes that a step is about to be sent.
func (j *Journal) begin(step int) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.begun[step] {
		return nil
	}
	return j.write(entry{Event: eventBegin, Step: &step})
}

// wasBegun reports whether a step was about to be sent before.
func (j *Journal) wasBegun(step int) bool {
	if j == nil {
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.begun[step]
}

// end notes how a step ended.
func (j *Journal) end(step int, r Result) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.write(entry{Event: eventDone, Step: &step, Outcome: r.Outcome, User: r.UserID, Problem: r.Problem})
}

// spend notes that nothing of the plan is left to do.
func (j *Journal) spend() error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.write(entry{Event: eventEnd})
}

// write puts a line on the disk. After a failure there may be half a line, to
// which nothing may be added.
func (j *Journal) write(e entry) error {
	if j.failed != nil {
		return j.failed
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, err = j.file.Write(append(line, '\n'))
	}
	if err == nil {
		err = j.file.Sync()
	}
	if err == nil {
		err = j.take(e)
	}
	if err != nil {
		j.failed = fmt.Errorf("provision: write the journal: %w", err)
	}
	return j.failed
}
