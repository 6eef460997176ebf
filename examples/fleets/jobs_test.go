package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestPageShowsTheJobs(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	db := t.TempDir() + "/fleets.db"
	engine, closeEngine, err := newEngine(ctx, db, "http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	defer closeEngine()
	if err := engine.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if err := engine.Sync(ctx, "demo-07"); err != nil {
		t.Fatal(err)
	}
	url, err := serveJobs(ctx, db, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{"": `src="/assets/main-`, "api/jobs?state=available": "demo-07"} {
		if page := read(t, url+path); !strings.Contains(page, says) {
			t.Errorf("%q says %.300s, want %s in it", path, page, says)
		}
	}
}

func read(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, resp.Status, err)
	}
	return string(page)
}
