package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

// work is what engines are compared at.
type work struct {
	name    string
	late    bool // with latency
	workers int  // 0: one call after another
	pick    func(engine) func(context.Context) error
}

var works = []work{
	{name: "small GET", pick: getting},
	{name: "page of 100", pick: paging},
	{name: "full create", pick: creating},
	{name: "list of 10,000", pick: listing},
	{name: "64 workers, GET", pick: getting, workers: 64},
	{name: "small GET, 50 ms", late: true, pick: getting},
	{name: "list of 10,000, 50 ms", late: true, pick: listing},
	{name: "64 workers, GET, 50 ms", late: true, pick: getting, workers: 64},
}

func getting(e engine) func(context.Context) error  { return checked(e.get, 7) }
func paging(e engine) func(context.Context) error   { return checked(e.page, pageSize) }
func creating(e engine) func(context.Context) error { return checked(e.create, newID) }
func listing(e engine) func(context.Context) error  { return checked(e.list, listSize) }

// checked is f, failing where it does not return want; nil for nil.
func checked[T comparable](f func(context.Context) (T, error), want T) func(context.Context) error {
	if f == nil {
		return nil
	}
	return func(ctx context.Context) error {
		got, err := f(ctx)
		if err == nil && got != want {
			err = fmt.Errorf("%v came, want %v", got, want)
		}
		return err
	}
}

// sample is one measurement of one engine: each figure per call.
type sample struct {
	took   time.Duration
	allocs float64
	bytes  float64
	conns  int // in the whole measurement
}

// measure makes n calls, by so many workers or one after another.
func (w work) measure(ctx context.Context, n int, call func(context.Context) error) (sample, error) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	err := w.run(ctx, n, call)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return sample{
		took:   took / time.Duration(n),
		allocs: float64(after.Mallocs-before.Mallocs) / float64(n),
		bytes:  float64(after.TotalAlloc-before.TotalAlloc) / float64(n),
	}, err
}

func (w work) run(ctx context.Context, n int, call func(context.Context) error) error {
	if w.workers == 0 {
		for range n {
			if err := call(ctx); err != nil {
				return err
			}
		}
		return nil
	}
	var wg sync.WaitGroup
	errs := make(chan error, w.workers)
	for i := range w.workers {
		wg.Go(func() {
			for range (n - i + w.workers - 1) / w.workers {
				if err := call(ctx); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

// calls is how many calls fill about the time of one measurement.
func (w work) calls(ctx context.Context, cell time.Duration, call func(context.Context) error) (int, error) {
	one := work{}
	first, err := one.measure(ctx, 1, call) // connects
	if err != nil || first.took > cell {
		return max(1, w.workers), err
	}
	again, err := one.measure(ctx, 3, call)
	n := int(cell / max(again.took, time.Microsecond))
	if w.late {
		n *= max(1, w.workers)
	}
	return max(1, n, 10*w.workers), err
}

// result is an engine at one work.
type result struct {
	engine string
	sample         // of each figure the median, and the most connections
	ratio  float64 // to the first engine, median of the rounds
}

// compare measures every engine once a round, each round beginning with another
// one. All make as many calls as the first.
func (w work) compare(ctx context.Context, s *server, all []engine, rounds int, cell time.Duration) ([]result, error) {
	var (
		names []string
		calls []func(context.Context) error
	)
	for _, e := range all {
		if call := w.pick(e); call != nil {
			names, calls = append(names, e.name), append(calls, call)
		}
	}
	if len(calls) == 0 {
		return nil, nil
	}
	n, err := w.calls(ctx, cell, calls[0])
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", w.name, names[0], err)
	}
	samples := make([][]sample, len(calls))
	for round := range rounds {
		for i := range calls {
			i = (i + round) % len(calls)
			got, err := w.measureConns(ctx, s, n, calls[i])
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", w.name, names[i], err)
			}
			samples[i] = append(samples[i], got)
		}
	}
	results := make([]result, len(calls))
	for i, name := range names {
		results[i] = result{name, medians(samples[i]), ratio(samples[i], samples[0])}
	}
	return results, nil
}

// measureConns is measure, and counts the connections where there is a server.
func (w work) measureConns(ctx context.Context, s *server, n int, call func(context.Context) error) (sample, error) {
	if s == nil {
		return w.measure(ctx, n, call)
	}
	before, err := s.connections()
	if err != nil {
		return sample{}, err
	}
	got, err := w.measure(ctx, n, call)
	if err != nil {
		return sample{}, err
	}
	after, err := s.connections()
	got.conns = after - before
	return got, err
}

// medians are those of the rounds, and the most connections of one.
func medians(samples []sample) sample {
	return sample{
		took:   median(samples, func(s sample) time.Duration { return s.took }),
		allocs: median(samples, func(s sample) float64 { return s.allocs }),
		bytes:  median(samples, func(s sample) float64 { return s.bytes }),
		conns:  slices.MaxFunc(samples, func(a, b sample) int { return a.conns - b.conns }).conns,
	}
}

// ratio is the median of the ratios within each round, in which the machine was
// about as busy for both.
func ratio(of, to []sample) float64 {
	ratios := make([]float64, len(of))
	for i := range of {
		ratios[i] = float64(of[i].took) / float64(to[i].took)
	}
	return median(ratios, func(r float64) float64 { return r })
}

func median[S any, T float64 | time.Duration](samples []S, figure func(S) T) T {
	values := make([]T, len(samples))
	for i, s := range samples {
		values[i] = figure(s)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
