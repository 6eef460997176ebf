package fleets_test

import (
	"testing"
	"time"

	"github.com/motive-go/motive/fleets"
)

func fast(string) (float64, int) { return 500, 50 }

func TestSyncBringsFleetsInLine(t *testing.T) {
	onEach(t, func(t *testing.T, db string) {
		w := newWorld(t, 3, 5)
		engine := newEngine(t, db, fleets.Options{Open: opener(w.URL, w.drivers), Limit: fast})
		run(t, engine)
		for n := range w.fleets {
			if err := engine.Sync(t.Context(), fleetID(n)); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, 30*time.Second, "in line", func() bool {
			for n := range w.fleets {
				st, err := engine.Status(t.Context(), fleetID(n))
				if err != nil {
					t.Fatal(err)
				}
				if st.State != fleets.InLine {
					return false
				}
			}
			return true
		})
		w.check(t)
		st, err := engine.Status(t.Context(), fleetID(0))
		if err != nil || st.Last == nil || st.Last.Counts["created"] != w.drivers || st.Reason != "" || st.Ended.IsZero() {
			t.Errorf("Status: %+v, %v", st, err)
		}
	})
}
