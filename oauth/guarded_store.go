package oauth

import (
	"context"
	"fmt"
	"time"
)

// guardedStore is a store, and the report function, which may both be of the
// user's making: whatever they do, it ends in an error within a bounded time.
type guardedStore struct {
	store  Store
	report func(error)

	loading, saving, locking, unlocking, reporting slot
}

const (
	storeTimeout = 15 * time.Second // for a load or a save
	// Under the lock there are a load, two saves and a request; each may take
	// grace longer. That is within the 90 seconds that Store promises, and
	// so another one that waits for the lock gets it.
	lockTimeout   = 90 * time.Second
	unlockTimeout = 5 * time.Second
	reportTimeout = time.Second
)

func (g *guardedStore) load(ctx context.Context) (*Record, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	r, err := run(ctx, &g.loading, g.store.Load, nil)
	if err != nil {
		return nil, fmt.Errorf("loading the token: %w", err)
	}
	return r.clone(), nil
}

func (g *guardedStore) save(ctx context.Context, r *Record) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	_, err := run(ctx, &g.saving, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, g.store.Save(ctx, r.clone())
	}, nil)
	if err != nil {
		return fmt.Errorf("saving the token: %w", err)
	}
	return nil
}

func (g *guardedStore) lock(ctx context.Context) (unlock func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	free, err := run(waiting, &g.locking, g.store.Lock, func(free func()) { free() })
	if err != nil {
		return nil, fmt.Errorf("locking the token store: %w", err)
	}
	return func() { g.unlock(ctx, free) }, nil
}

func (g *guardedStore) unlock(ctx context.Context, free func()) {
	waiting, cancel := context.WithTimeout(ctx, unlockTimeout)
	defer cancel()
	_, err := run(waiting, &g.unlocking, func(context.Context) (struct{}, error) {
		free()
		return struct{}{}, nil
	}, nil)
	if err != nil {
		g.tell(ctx, fmt.Errorf("unlocking the token store: %w", err))
	}
}

// tell reports an error.
func (g *guardedStore) tell(ctx context.Context, unseen error) {
	waiting, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	_, _ = run(waiting, &g.reporting, func(context.Context) (struct{}, error) {
		g.report(unseen)
		return struct{}{}, nil
	}, nil)
}
