package motivetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motive-go/motive/oauth"
)

// How long TestTokenStore waits. A store that keeps its promises is far from it.
const (
	storePatience = 5 * time.Second       // for a call that is to succeed
	storeDelay    = 3 * time.Second       // for a call whose context has ended
	storeGlance   = 50 * time.Millisecond // for a call that is to wait
)

// TestTokenStore checks a store for all that [oauth.Store] documents, except what
// a test within one process cannot see: that a process which dies holds no lock,
// and that a record survives a crash.
//
//	func TestStore(t *testing.T) {
//		path := filepath.Join(t.TempDir(), "token.json")
//		motivetest.TestTokenStore(t, func(tb testing.TB) oauth.Store {
//			store, err := tokenfile.New(path)
//			if err != nil {
//				tb.Fatal(err)
//			}
//			return store
//		})
//	}
//
// open returns a store of one and the same login each time, in which nothing is
// stored at first: another instance, as another process would have it, where that
// is possible, else the same one again. It is called from the goroutine of the
// test, and closes what it opens with tb.Cleanup.
func TestTokenStore(t *testing.T, open func(testing.TB) oauth.Store) {
	tests := []struct {
		name  string
		check func(*storeTest)
	}{
		{"nothing is stored at first", (*storeTest).isEmpty},
		{"a record comes back whole", (*storeTest).roundTrip},
		{"a record is kept as it was saved", (*storeTest).keepsCopies},
		{"two saves under one lock", (*storeTest).savesTwice},
		{"a save needs the lock", (*storeTest).saveNeedsLock},
		{"a load needs no lock", (*storeTest).loadNeedsNoLock},
		{"an unlock frees the lock", (*storeTest).unlockFrees},
		{"a lock is waited for until the context ends", (*storeTest).lockEndsWithContext},
		{"an ended context ends every call", (*storeTest).endedContext},
		{"the lock excludes", (*storeTest).excludes},
		{"a load never sees half of a save", (*storeTest).neverHalf},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.check(&storeTest{T: t, open: open, a: open(t), b: open(t)})
		})
	}
}

// storeTest is one of the checks, with two instances of the store.
type storeTest struct {
	*testing.T
	open func(testing.TB) oauth.Store
	a, b oauth.Store
}

// ctx is for a call that is to succeed.
func (t *storeTest) ctx() context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), storePatience)
	t.Cleanup(cancel)
	return ctx
}

// storeRecord returns record number n. Some of it is of a version that does not
// exist yet.
func storeRecord(t testing.TB, n int) *oauth.Record {
	t.Helper()
	// Numbers and odd characters are where a database that re-encodes JSON shows.
	document := fmt.Sprintf(`{
		"access_token": "canary-access-%[1]d-%[2]s", "refresh_token": "canary-refresh-%[1]d-%[2]s",
		"token_type": "bearer", "expiry": "2031-05-06T07:08:09.123456789Z",
		"intent": {"fingerprint": "f%[1]d", "by": "host/%[1]d", "since": "2030-01-02T03:04:05Z", "later": [1, null]},
		"spent": [{"fingerprint": "g%[1]d", "reason": "r <&> \u2028 \"q\"", "later": true}],
		"later": {"n": 9007199254740993, "text": "Ünï\u0001cödé", "number": %[1]d}
	}`, n, strings.Repeat("x", 100+n*7919%3000))
	r := new(oauth.Record)
	if err := json.Unmarshal([]byte(document), r); err != nil {
		t.Fatalf("making a record: %v", err)
	}
	return r
}

// numberOf returns the number of a record, and false for one that is not whole.
func numberOf(t testing.TB, r *oauth.Record) (int, bool) {
	t.Helper()
	if r == nil || r.Token == nil {
		return 0, false
	}
	var n int
	if _, err := fmt.Sscanf(r.Token.AccessToken, "canary-access-%d-", &n); err != nil {
		return 0, false
	}
	return n, sameRecord(t, r, storeRecord(t, n))
}

// sameRecord compares what two records hold, not how it is written.
func sameRecord(t testing.TB, a, b *oauth.Record) bool {
	t.Helper()
	return bytes.Equal(canonical(t, a), canonical(t, b))
}

// canonical is the JSON of a record with its members in order and its numbers as
// they are.
func canonical(t testing.TB, r *oauth.Record) []byte {
	t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatalf("marshalling a record: %v", err)
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("reading a record: %v", err)
	}
	data, err = json.Marshal(value)
	if err != nil {
		t.Fatalf("marshalling a record: %v", err)
	}
	return data
}

func (t *storeTest) lock(s oauth.Store) (unlock func()) {
	t.Helper()
	unlock, err := s.Lock(t.ctx())
	if err != nil {
		t.Fatalf("Lock: %v", err)
	}
	if unlock == nil {
		t.Fatal("Lock returned no unlock")
	}
	return unlock
}

func (t *storeTest) mustSave(s oauth.Store, n int) {
	t.Helper()
	if err := s.Save(t.ctx(), storeRecord(t, n)); err != nil {
		t.Fatalf("Save under the lock: %v", err)
	}
}

// saved saves record n under the lock.
func (t *storeTest) saved(s oauth.Store, n int) {
	t.Helper()
	unlock := t.lock(s)
	defer unlock()
	t.mustSave(s, n)
}

// wantStored fails the test unless s has record n.
func (t *storeTest) wantStored(s oauth.Store, n int) {
	t.Helper()
	r, err := s.Load(t.ctx())
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	if r == nil {
		t.Fatalf("Load: nothing is stored, want record %d", n)
	}
	if got, whole := numberOf(t, r); got != n || !whole {
		t.Errorf("Load: record %d, whole: %t, want record %d as it was saved", got, whole, n)
	}
}

func (t *storeTest) isEmpty() {
	for _, s := range []oauth.Store{t.a, t.b} {
		if r, err := s.Load(t.ctx()); r != nil || err != nil {
			t.Errorf("Load: a record: %t, error: %v, want neither before the first Save", r != nil, err)
		}
	}
}

func (t *storeTest) roundTrip() {
	t.saved(t.a, 1)
	t.wantStored(t.a, 1)
	t.wantStored(t.b, 1)
	t.wantStored(t.open(t), 1)
	t.saved(t.b, 2) // another instance goes on
	t.wantStored(t.a, 2)
	t.wantStored(t.open(t), 2)
}

func (t *storeTest) keepsCopies() {
	unlock := t.lock(t.a)
	defer unlock()
	given := storeRecord(t, 3)
	if err := t.a.Save(t.ctx(), given); err != nil {
		t.Fatalf("Save under the lock: %v", err)
	}
	given.Token.AccessToken = "changed"
	unlock()
	t.wantStored(t.a, 3)
	loaded, err := t.a.Load(t.ctx())
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	loaded.Token.AccessToken = "changed"
	t.wantStored(t.a, 3)
}

func (t *storeTest) savesTwice() {
	unlock := t.lock(t.a)
	defer unlock()
	t.mustSave(t.a, 4)
	t.wantStored(t.a, 4)
	t.wantStored(t.b, 4) // already, whatever becomes of the first
	t.mustSave(t.a, 5)
	t.wantStored(t.b, 5)
	unlock()
	t.wantStored(t.a, 5)
	t.wantStored(t.b, 5)
}

func (t *storeTest) saveNeedsLock() {
	t.saved(t.a, 6)
	if err := t.a.Save(t.ctx(), storeRecord(t, 7)); err == nil {
		t.Error("Save after the unlock succeeded")
	}
	if err := t.open(t).Save(t.ctx(), storeRecord(t, 7)); err == nil {
		t.Error("Save without a lock succeeded")
	}
	if t.a != t.b {
		unlock := t.lock(t.b)
		if err := t.a.Save(t.ctx(), storeRecord(t, 7)); err == nil {
			t.Error("Save succeeded while another instance had the lock")
		}
		unlock()
	}
	t.wantStored(t.b, 6)
	t.saved(t.a, 8) // and none of it does lasting harm
	t.wantStored(t.b, 8)
}

func (t *storeTest) loadNeedsNoLock() {
	t.saved(t.a, 9)
	unlock := t.lock(t.a)
	defer unlock()
	t.wantStored(t.a, 9)
	t.wantStored(t.b, 9)
}

func (t *storeTest) unlockFrees() {
	for range 3 {
		for _, s := range []oauth.Store{t.a, t.b} {
			unlock := t.lock(s)
			unlock()
			unlock() // a second call does no harm
			held := t.lock(s)
			defer held()
			unlock() // nor does one that comes while the next has the lock
			t.wantLocked(t.b)
			held()
		}
	}
}

// wantLocked fails the test if the lock can be had.
func (t *storeTest) wantLocked(s oauth.Store) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), storeGlance)
	defer cancel()
	if err := t.tryLock(ctx, s); err == nil {
		t.Fatal("Lock succeeded while another had the lock")
	}
}

// tryLock fails the test if Lock does not end with its context. A lock that it
// gets, it frees.
func (t *storeTest) tryLock(ctx context.Context, s oauth.Store) error {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		unlock, err := s.Lock(ctx)
		if err == nil {
			unlock()
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(storeDelay):
		t.Fatalf("Lock has not ended %s after its context", storeDelay)
		return nil
	}
}

func (t *storeTest) lockEndsWithContext() {
	unlock := t.lock(t.a)
	defer unlock()
	for _, s := range []oauth.Store{t.a, t.b} {
		t.wantLocked(s)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(storeGlance, cancel)
		if err := t.tryLock(ctx, s); !errors.Is(err, context.Canceled) {
			t.Errorf("Lock: %v, want context.Canceled in it", err)
		}
	}
	unlock()
	t.lock(t.b)() // those that gave up have left nothing locked
	t.lock(t.a)()
}

func (t *storeTest) endedContext() {
	t.saved(t.a, 10)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	unlock := t.lock(t.a)
	if err := t.a.Save(ended, storeRecord(t, 11)); err == nil {
		t.Error("Save under an ended context succeeded")
	}
	unlock()
	t.wantStored(t.b, 10)
	if _, err := t.a.Load(ended); err == nil {
		t.Error("Load under an ended context succeeded")
	}
	if t.tryLock(ended, t.a) == nil {
		t.Error("Lock under an ended context succeeded")
	}
	t.saved(t.b, 12)
	t.wantStored(t.a, 12)
}

// excludes counts up in the store, from many goroutines on many instances: a step
// that is lost, or a record that is read while another is being written, shows.
func (t *storeTest) excludes() {
	const instances, rounds = 6, 8
	t.saved(t.a, 100)
	stores := []oauth.Store{t.a, t.a, t.b}
	for len(stores) < instances {
		stores = append(stores, t.open(t))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 6*storePatience)
	defer cancel()
	var inside, collisions atomic.Int32
	var wg sync.WaitGroup
	for _, s := range stores {
		wg.Go(func() {
			for range rounds {
				if err := t.countUp(ctx, s, &inside, &collisions); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if n := collisions.Load(); n > 0 {
		t.Errorf("%d times somebody else had the lock too", n)
	}
	t.wantStored(t.b, 100+instances*rounds)
}

func (t *storeTest) countUp(ctx context.Context, s oauth.Store, inside, collisions *atomic.Int32) error {
	unlock, err := s.Lock(ctx)
	if err != nil {
		return fmt.Errorf("locking: %w", err)
	}
	defer unlock()
	if inside.Add(1) > 1 {
		collisions.Add(1)
	}
	defer inside.Add(-1)
	r, err := s.Load(ctx)
	if err != nil {
		return fmt.Errorf("loading under the lock: %w", err)
	}
	n, whole := numberOf(t, r)
	if !whole {
		return errors.New("loading under the lock: not a whole record")
	}
	if err := s.Save(ctx, storeRecord(t, n+1)); err != nil {
		return fmt.Errorf("saving under the lock: %w", err)
	}
	return nil
}

// neverHalf reads without the lock while records of various lengths are saved.
func (t *storeTest) neverHalf() {
	const saves = 60
	t.saved(t.a, 200)
	ctx, cancel := context.WithTimeout(t.Context(), 6*storePatience)
	defer cancel()
	done := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(done)
	for _, s := range []oauth.Store{t.a, t.b, t.open(t)} {
		wg.Go(func() {
			last := 200
			for {
				r, err := s.Load(ctx)
				if err != nil {
					t.Errorf("Load during saves: %v", err)
					return
				}
				n, whole := numberOf(t, r)
				if !whole || n < last {
					t.Errorf("Load during saves: record %d after %d, whole: %t", n, last, whole)
					return
				}
				last = n
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for n := 201; n <= 200+saves; n += 2 {
		unlock := t.lock(t.a)
		defer unlock()
		t.mustSave(t.a, n)
		t.mustSave(t.a, n+1)
		unlock()
	}
	t.wantStored(t.b, 200+saves)
}
