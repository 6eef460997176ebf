package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	_ "modernc.org/sqlite" // the driver "sqlite"
	"riverqueue.com/riverui"
)

// announceJobs serves River's own page where an address is given, and says where.
func announceJobs(ctx context.Context, db, addr string, out io.Writer) error {
	if addr == "" {
		return nil
	}
	url, err := serveJobs(ctx, db, addr)
	if err == nil {
		fmt.Fprintf(out, "River's page of their jobs: %s\n\n", url)
	}
	return err
}

// serveJobs serves River's own page at addr until ctx ends. It shows the jobs, which
// are slices of syncs, and lets anybody who reaches it cancel them: keep it on
// loopback, or behind a login. How a fleet is and why stands in Engine.Statuses.
func serveJobs(ctx context.Context, db, addr string) (url string, err error) {
	page, err := jobsPage(ctx, db)
	if err != nil {
		return "", err
	}
	if err := page.Start(ctx); err != nil { // its counts, and not a server
		return "", err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: page, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			slog.Error("serving the page of jobs", "error", err)
		}
	}()
	return "http://" + listener.Addr().String() + "/", nil
}

// jobsPage needs clients of its own, which insert nothing and work on nothing.
func jobsPage(ctx context.Context, db string) (*riverui.Handler, error) {
	if !filepath.IsAbs(db) {
		pool, err := pgxpool.New(ctx, db)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, pool.Close)
		client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{})
		if err != nil {
			return nil, err
		}
		return newJobsPage(client)
	}
	file, err := sql.Open("sqlite", "file:"+db+"?_pragma=busy_timeout(15000)")
	if err != nil {
		return nil, err
	}
	file.SetMaxOpenConns(1) // as River's driver asks for
	context.AfterFunc(ctx, func() { _ = file.Close() })
	client, err := river.NewClient(riversqlite.New(file), &river.Config{})
	if err != nil {
		return nil, err
	}
	return newJobsPage(client)
}

func newJobsPage[T any](client *river.Client[T]) (*riverui.Handler, error) {
	return riverui.NewHandler(&riverui.HandlerOpts{
		Endpoints: riverui.NewEndpoints(client, nil),
		Logger:    slog.New(slog.DiscardHandler),
	})
}
