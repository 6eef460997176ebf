// Command fleets brings twenty fleets in line, in two worker processes one of
// which is killed on the way.
//
//	go run -C examples/fleets .                     # in a file, for this run
//	go run -C examples/fleets . -db postgres://…    # in a database
//	go run -C examples/fleets . -jobs 127.0.0.1:0   # and River's own page beside it
//
// The fleets are fakes on this machine. The end is the same with and without the
// kill: everybody there, and nobody twice.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/motive-go/motive/fleets"
)

const (
	fleetCount = 20
	workers    = 2
	lookEvery  = 250 * time.Millisecond
	longest    = 5 * time.Minute
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("fleets", flag.ContinueOnError)
	flags.SetOutput(out)
	db := flags.String("db", "", "keep jobs and limits in this database, a postgres:// `URL`; default a file for this run")
	jobs := flags.String("jobs", "", "serve River's own page at this `address`: 127.0.0.1:0 for any port")
	worker := flags.String("worker", "", "work on the fleets at this `URL`; used by the program itself")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *worker != "" {
		return work(ctx, *db, *worker)
	}
	if *db == "" {
		dir, err := os.MkdirTemp("", "fleets")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		*db = filepath.Join(dir, "fleets.db")
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	return show(ctx, *db, *jobs, out)
}

// openDB opens a database by its URL, or a file by its path.
func openDB(ctx context.Context, db string) (fleets.DB, func(), error) {
	if filepath.IsAbs(db) {
		return fleets.SQLite(db), func() {}, nil
	}
	pool, err := pgxpool.New(ctx, db)
	if err != nil {
		return fleets.DB{}, nil, err
	}
	return fleets.Postgres(pool), pool.Close, nil
}

func newEngine(ctx context.Context, db, base string) (*fleets.Engine, func(), error) {
	opened, closeDB, err := openDB(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	engine, err := fleets.New(opened, fleets.Options{
		Open:  opener(base),
		Limit: func(string) (perSecond float64, burst int) { return 4, 1 },
		Slots: fleetCount / workers,
	})
	if err != nil {
		closeDB()
		return nil, nil, err
	}
	return engine, func() { _ = engine.Close(); closeDB() }, nil
}

// work is a worker process.
func work(ctx context.Context, db, base string) error {
	engine, closeEngine, err := newEngine(ctx, db, base)
	if err != nil {
		return err
	}
	defer closeEngine()
	return engine.Run(ctx)
}

// show asks for a sync of every fleet, starts the workers, kills one when a third
// of the people are there, and shows how it goes on.
func show(ctx context.Context, db, jobs string, out io.Writer) error {
	w := newWorld(fleetCount)
	defer w.Close()
	engine, closeEngine, err := newEngine(ctx, db, w.URL)
	if err != nil {
		return err
	}
	defer closeEngine()
	if err := engine.Migrate(ctx); err != nil {
		return err
	}
	if err := announceJobs(ctx, db, jobs, out); err != nil {
		return err
	}
	for _, f := range w.fleets {
		if err := engine.Sync(ctx, f.id); err != nil {
			return err
		}
	}
	crew, err := hire(ctx, db, w.URL)
	if err != nil {
		return err
	}
	defer crew.dismiss()

	screen := newScreen(out)
	start := time.Now()
	note := "Two workers bring them in line, at four requests a second for each fleet."
	for {
		rows, inLine, err := look(ctx, engine, w, crew)
		if err != nil {
			return err
		}
		there, wanted := w.people()
		if !crew.killed && there > wanted/3 {
			crew.kill()
			note = "Worker 1 was killed. Its fleets go to worker 2, 30 to 45 s from now."
		}
		screen.draw(rows, there, wanted, time.Since(start), note)
		if inLine == len(w.fleets) {
			break
		}
		if err := wait(ctx, lookEvery); err != nil {
			return fmt.Errorf("after %s, %d of %d fleets are in line: %w", time.Since(start).Round(time.Second), inLine, len(w.fleets), err)
		}
	}
	screen.end()
	if wrong := w.wrong(); wrong != "" {
		return errors.New(wrong)
	}
	_, wanted := w.people()
	fmt.Fprintf(out, "\nAll %d fleets are in line: %d people, nobody twice, one worker killed.\n", len(w.fleets), wanted)
	fmt.Fprint(out, "Next: fleets/README.md, and -db postgres://… for workers on many machines.\n")
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// look gathers what the screen shows.
func look(ctx context.Context, engine *fleets.Engine, w *world, crew *crew) (rows []row, inLine int, err error) {
	for _, f := range w.fleets {
		st, err := engine.Status(ctx, f.id)
		if err != nil {
			return nil, 0, err
		}
		if st.State == fleets.InLine {
			inLine++
		}
		rows = append(rows, row{fleet: f.name, state: string(st.State), worker: crew.name(st.Process), there: f.there(), wanted: len(f.people)})
	}
	return rows, inLine, nil
}

// crew is the worker processes.
type crew struct {
	members []*exec.Cmd
	killed  bool
	done    sync.WaitGroup
}

func hire(ctx context.Context, db, base string) (*crew, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &crew{}
	for range workers {
		cmd := exec.CommandContext(ctx, self, "-db", db, "-worker", base)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			c.dismiss()
			return nil, err
		}
		c.members = append(c.members, cmd)
		c.done.Go(func() { _ = cmd.Wait() })
	}
	return c, nil
}

// kill ends the first worker without a word.
func (c *crew) kill() {
	c.killed = true
	_ = c.members[0].Process.Kill()
}

func (c *crew) dismiss() {
	for _, cmd := range c.members {
		_ = cmd.Process.Kill()
	}
	c.done.Wait()
}

// name returns which worker a process is: "1". The engine names them
// "host/4711/…".
func (c *crew) name(process string) string {
	for i, cmd := range c.members {
		if pidOf(process) == cmd.Process.Pid {
			return strconv.Itoa(i + 1)
		}
	}
	return ""
}
