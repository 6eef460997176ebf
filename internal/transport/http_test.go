package transport

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Bursts of calls live on few connections, also where calls fail.
func TestConnectionsAreFewAndKept(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ workers, most int }{{64, 64}, {256, 128}} {
		t.Run(fmt.Sprint(tt.workers), func(t *testing.T) {
			t.Parallel()
			var opened atomic.Int64
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(time.Millisecond)
				var status int
				_, _ = fmt.Sscanf(r.URL.Path, "/%d", &status)
				w.WriteHeader(status)
				_, _ = io.WriteString(w, strings.Repeat("<html>", 500))
			}))
			srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
				if s == http.StateNew {
					opened.Add(1)
				}
			}
			srv.Start()
			defer srv.Close()
			c := newTestClient(t, Config{BaseURL: parse(t, srv.URL), Policy: quick})
			for round := range 10 {
				var wg sync.WaitGroup
				for i := range tt.workers {
					wg.Go(func() {
						status := []int{200, 404, 500, 503, 200, 200, 200, 200}[i%8]
						if round == 5 {
							status = 503
						}
						r, err := c.Do(t.Context(), Request{Method: "GET", Path: fmt.Sprintf("/%d", status)})
						if err != nil || r.Status != status {
							t.Errorf("%d: %d, %v", status, r.Status, err)
						}
						r.Release()
					})
				}
				wg.Wait()
			}
			if n := int(opened.Load()); n > tt.most {
				t.Errorf("%d workers opened %d connections, want at most %d", tt.workers, n, tt.most)
			}
		})
	}
}

func TestTheDefaultTransportPingsOnHTTP2(t *testing.T) {
	t.Parallel()
	rt := NewHTTPTransport()
	if h2 := rt.HTTP2; h2 == nil || h2.SendPingTimeout != 15*time.Second || h2.PingTimeout != 15*time.Second {
		t.Errorf("HTTP/2 is configured as %+v", rt.HTTP2)
	}
	if rt.MaxConnsPerHost != rt.MaxIdleConnsPerHost || rt.MaxIdleConns < rt.MaxIdleConnsPerHost {
		t.Error("connections beyond the idle limit are closed and dialled again")
	}
}
