package motivetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
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

// TestTokenStore checks a store for all that [oauth.Store] documents, except what a test within one
// process cannot see: that a process which dies holds no lock, and that a record survives a crash.
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
// open returns a store of one and the same login each time, in which nothing is stored at first:
// another instance, as another process would have it, where that is possible, else the same one
// again. It is called from the goroutine of the test, and closes what it opens with tb.Cleanup.
func TestTokenStore(t *testing.T, open func(testing.TB) oauth.Store) {
	for _, test := range storeChecks {
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

func (t *storeTest) must(what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func (t *storeTest) mustFail(what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s succeeded", what)
	}
}

// record returns record number n. Some of it is of a version that does not exist yet.
func (t *storeTest) record(n int) *oauth.Record {
	// Numbers and odd characters are where a database that re-encodes JSON shows.
	document := fmt.Sprintf(`{
		"access_token": "canary-access-%[1]d-%[2]s", "refresh_token": "canary-refresh-%[1]d-%[2]s",
		"token_type": "bearer", "expiry": "2031-05-06T07:08:09.123456789Z",
		"intent": {"fingerprint": "f%[1]d", "by": "host/%[1]d", "since": "2030-01-02T03:04:05Z", "later": [1, null]},
		"spent": [{"fingerprint": "g%[1]d", "reason": "r <&> \u2028 \"q\"", "later": true}],
		"later": {"n": 9007199254740993, "text": "Ünï\u0001cödé", "number": %[1]d}
	}`, n, strings.Repeat("x", 100+n*7919%3000))
	r := new(oauth.Record)
	t.must("making a record", json.Unmarshal([]byte(document), r))
	return r
}

// numberOf returns the number of a record, and false for one that is not whole.
func (t *storeTest) numberOf(r *oauth.Record) (n int, whole bool) {
	if r == nil || r.Token == nil {
		return 0, false
	}
	_, err := fmt.Sscanf(r.Token.AccessToken, "canary-access-%d-", &n)
	return n, err == nil && reflect.DeepEqual(t.contents(r), t.contents(t.record(n)))
}

// contents is what a record holds, however it is written, with its numbers as they are.
func (t *storeTest) contents(r *oauth.Record) (value any) {
	data, err := json.Marshal(r)
	t.must("marshalling a record", err)
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	t.must("reading a record", decoder.Decode(&value))
	return value
}

func (t *storeTest) lock(s oauth.Store) (unlock func()) {
	t.Helper()
	unlock, err := s.Lock(t.ctx())
	t.must("Lock", err)
	if unlock == nil {
		t.Fatal("Lock returned no unlock")
	}
	return unlock
}

// locked runs do under the lock.
func (t *storeTest) locked(s oauth.Store, do func()) {
	t.Helper()
	unlock := t.lock(s)
	defer unlock()
	do()
}

// save saves record n, the lock being held.
func (t *storeTest) save(s oauth.Store, n int) {
	t.Helper()
	t.must("Save under the lock", s.Save(t.ctx(), t.record(n)))
}

// saved saves record n under the lock.
func (t *storeTest) saved(s oauth.Store, n int) {
	t.Helper()
	t.locked(s, func() { t.save(s, n) })
}

// wantStored fails the test unless each store has record n.
func (t *storeTest) wantStored(n int, stores ...oauth.Store) {
	t.Helper()
	for _, s := range stores {
		r, err := s.Load(t.ctx())
		t.must("Load", err)
		if got, whole := t.numberOf(r); got != n || !whole {
			t.Fatalf("Load: record %d, whole: %t, want record %d as it was saved", got, whole, n)
		}
	}
}

// wantLocked fails the test if the lock can be had.
func (t *storeTest) wantLocked(s oauth.Store) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), storeGlance)
	defer cancel()
	t.mustFail("Lock while another had the lock", t.tryLock(ctx, s))
}

// tryLock wants Lock to end with its context, which lasts storeGlance. A lock that it gets, it frees.
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
	case <-time.After(storeGlance + storeDelay):
		t.Fatalf("Lock has not ended %s after its context", storeDelay)
		return nil
	}
}

// storeChecks are in the order in which a store is written.
var storeChecks = []struct {
	name  string
	check func(*storeTest)
}{
	{"nothing is stored at first", func(t *storeTest) {
		for _, s := range []oauth.Store{t.a, t.b} {
			if r, err := s.Load(t.ctx()); r != nil || err != nil {
				t.Errorf("Load: a record: %t, error: %v, want neither before the first Save", r != nil, err)
			}
		}
	}},
	{"a record comes back whole", func(t *storeTest) {
		t.saved(t.a, 1)
		t.wantStored(1, t.a, t.b, t.open(t))
		t.saved(t.b, 2) // another instance goes on
		t.wantStored(2, t.a, t.open(t))
	}},
	{"a record is kept as it was saved", func(t *storeTest) {
		t.locked(t.a, func() {
			given := t.record(3)
			t.must("Save under the lock", t.a.Save(t.ctx(), given))
			given.Token.AccessToken = "changed"
		})
		t.wantStored(3, t.a)
		loaded, err := t.a.Load(t.ctx())
		t.must("Load", err)
		loaded.Token.AccessToken = "changed"
		t.wantStored(3, t.a)
	}},
	{"two saves under one lock", func(t *storeTest) {
		t.locked(t.a, func() {
			t.save(t.a, 4)
			t.wantStored(4, t.a, t.b) // already, whatever becomes of the first
			t.save(t.a, 5)
			t.wantStored(5, t.b)
		})
		t.wantStored(5, t.a, t.b)
	}},
	{"a save needs the lock", func(t *storeTest) {
		t.saved(t.a, 6)
		t.mustFail("Save after the unlock", t.a.Save(t.ctx(), t.record(7)))
		t.mustFail("Save without a lock", t.open(t).Save(t.ctx(), t.record(7)))
		if t.a != t.b {
			t.locked(t.b, func() {
				t.mustFail("Save while another instance had the lock", t.a.Save(t.ctx(), t.record(7)))
			})
		}
		t.wantStored(6, t.b)
		t.saved(t.a, 8) // and none of it does lasting harm
		t.wantStored(8, t.b)
	}},
	{"a load needs no lock", func(t *storeTest) {
		t.saved(t.a, 9)
		t.locked(t.a, func() { t.wantStored(9, t.a, t.b) })
	}},
	{"an unlock frees the lock", func(t *storeTest) {
		for range 3 {
			for _, s := range []oauth.Store{t.a, t.b} {
				unlock := t.lock(s)
				unlock()
				unlock() // a second call does no harm
				t.locked(s, func() {
					unlock() // nor does one that comes while the next has the lock
					t.wantLocked(t.b)
				})
			}
		}
	}},
	{"a lock is waited for until the context ends", func(t *storeTest) {
		t.locked(t.a, func() {
			for _, s := range []oauth.Store{t.a, t.b} {
				t.wantLocked(s)
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(storeGlance, cancel)
				if err := t.tryLock(ctx, s); !errors.Is(err, context.Canceled) {
					t.Errorf("Lock: %v, want context.Canceled in it", err)
				}
			}
		})
		t.lock(t.b)() // those that gave up have left nothing locked
		t.lock(t.a)()
	}},
	{"an ended context ends every call", func(t *storeTest) {
		t.saved(t.a, 10)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		t.locked(t.a, func() {
			t.mustFail("Save under an ended context", t.a.Save(ended, t.record(11)))
		})
		t.wantStored(10, t.b)
		_, err := t.a.Load(ended)
		t.mustFail("Load under an ended context", err)
		t.mustFail("Lock under an ended context", t.tryLock(ended, t.a))
		t.saved(t.b, 12)
		t.wantStored(12, t.a)
	}},
	{"the lock excludes", (*storeTest).excludes},
	{"a load never sees half of a save", (*storeTest).neverHalf},
}

// excludes counts up in the store, from many goroutines on many instances: a step that is lost, or
// a record that is read while another is being written, shows.
func (t *storeTest) excludes() {
	const rounds = 8
	t.saved(t.a, 100)
	stores := []oauth.Store{t.a, t.a, t.b, t.open(t), t.open(t), t.open(t)}
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
	t.wantStored(100+len(stores)*rounds, t.b)
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
	n, whole := t.numberOf(r)
	if err != nil || !whole {
		return fmt.Errorf("loading under the lock: whole: %t, error: %w", whole, err)
	}
	if err := s.Save(ctx, t.record(n+1)); err != nil {
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
	var done atomic.Bool
	var wg sync.WaitGroup
	defer wg.Wait()
	defer done.Store(true)
	for _, s := range []oauth.Store{t.a, t.b, t.open(t)} {
		wg.Go(func() {
			for last, more := 200, true; more; more = !done.Load() {
				r, err := s.Load(ctx)
				if err != nil {
					t.Errorf("Load during saves: %v", err)
					return
				}
				n, whole := t.numberOf(r)
				if !whole || n < last {
					t.Errorf("Load during saves: record %d after %d, whole: %t", n, last, whole)
					return
				}
				last = n
			}
		})
	}
	for n := 201; n <= 200+saves; n += 2 {
		t.locked(t.a, func() {
			t.save(t.a, n)
			t.save(t.a, n+1)
		})
	}
	t.wantStored(200+saves, t.b)
}
