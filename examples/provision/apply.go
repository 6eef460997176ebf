package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/motive-go/motive"
)

// outcome is what became of a person.
type outcome string

const (
	created     outcome = "created"
	wouldCreate outcome = "would be created"
	present     outcome = "already there"
	failed      outcome = "failed"
	skipped     outcome = "not reached" // the run was interrupted
)

type result struct {
	outcome outcome
	user    *motive.User
	err     error
}

// workers is how many people are handled at a time. Motive does not publish its
// limits; the client slows down by itself when it is told to.
const workers = 4

// apply creates whoever is missing and returns a result for each person, in
// order. It calls done after each.
func apply(ctx context.Context, client *motive.Client, people []*person, integration string, dryRun bool, done func()) []result {
	results := make([]result, len(people))
	next := make(chan int)
	var group sync.WaitGroup
	for range min(workers, len(people)) {
		group.Go(func() {
			for i := range next {
				results[i] = provision(ctx, client, people[i], integration, dryRun)
				done()
			}
		})
	}
	for i := range people {
		next <- i
	}
	close(next)
	group.Wait()
	return results
}

// provision finds a person by external id, and creates them if nobody has it.
func provision(ctx context.Context, client *motive.Client, p *person, integration string, dryRun bool) result {
	if ctx.Err() != nil {
		return result{outcome: skipped}
	}
	user, err := client.Users.LookupByExternalID(ctx, p.id, integration)
	switch {
	case err == nil:
		return result{outcome: present, user: user}
	case !errors.Is(err, motive.ErrNotFound):
		return result{outcome: failed, err: fmt.Errorf("looking for external id %q: %w", p.id, err)}
	case dryRun:
		return result{outcome: wouldCreate}
	}
	user, err = client.Users.Create(ctx, p.request)
	if err != nil {
		return result{outcome: failed, err: err}
	}
	return result{outcome: created, user: user}
}
