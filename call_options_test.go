package motive_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"testing"

	"github.com/motive-go/motive"
)

func TestWithResponse(t *testing.T) {
	t.Parallel()
	t.Run("pagination", func(t *testing.T) {
		t.Parallel()
		srv := newServer(t, answering(200, `{"users":[{"id":7}],"pagination":{"per_page":25,"page_no":3,"total":51}}`, "X-Request-Id", "abc"))
		var r motive.Response
		page, err := newClient(t, srv.url).Users.List(t.Context(), &motive.ListUsersOptions{PageNo: 3}, motive.WithResponse(&r))
		if err != nil {
			t.Fatal(err)
		}
		p := page.Pagination
		if r.Pagination != p || p.PerPage != 25 || p.PageNo != 3 || p.Total != 51 || r.RequestID != "abc" || r.StatusCode != 200 {
			t.Errorf("response %+v, page %+v", r, p)
		}
	})
	t.Run("no answer", func(t *testing.T) {
		t.Parallel()
		r := motive.Response{StatusCode: 418, RequestID: "of an earlier call", Header: http.Header{"X-Old": {"1"}}}
		if err := getWith(t, refusing(t), &r); err == nil || r.StatusCode != 0 || r.RequestID != "" || r.Header != nil || r.Attempts != 4 {
			t.Errorf("response %+v, error %v", r, err)
		}
	})
	t.Run("no answer in the end", func(t *testing.T) {
		t.Parallel()
		srv := newRawServer(t, func(n int, conn *net.TCPConn, _ *http.Request) bool {
			if n == 1 {
				say(conn, "HTTP/1.1 200 OK\r\nX-Request-Id: abc\r\nContent-Length: 99\r\n\r\n{")
			}
			return false
		})
		var r motive.Response
		if err := getWith(t, srv.url, &r); err == nil || r.StatusCode != 0 || r.RequestID != "" || r.Header != nil || r.Attempts != 4 {
			t.Errorf("response %+v, error %v", r, err)
		}
	})
	t.Run("nothing sent", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r := motive.Response{Attempts: 9}
		_, err := newClient(t, refusing(t)).Users.Get(ctx, 7, motive.WithResponse(&r))
		if !errors.Is(err, context.Canceled) || r.Attempts != 0 {
			t.Errorf("response %+v, error %v", r, err)
		}
	})
	t.Run("nil", func(t *testing.T) {
		t.Parallel()
		srv := newServer(t, answering(200, oneUser))
		if err := getWith(t, srv.url, nil); err != nil {
			t.Error(err)
		}
	})
	t.Run("the header is the caller's own", func(t *testing.T) {
		t.Parallel()
		shared := http.Header{"X-Shared": {"1"}}
		c := offline(t, func(*http.Request) (*http.Response, error) {
			resp := reply(200, oneUser)
			resp.Header = shared
			return resp, nil
		})
		var r motive.Response
		if _, err := c.Users.Get(t.Context(), 7, motive.WithResponse(&r)); err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Shared", "2")
		if shared.Get("X-Shared") != "1" {
			t.Error("the header of the answer was handed out itself")
		}
	})
}

func getWith(t *testing.T, base string, r *motive.Response) error {
	_, err := newClient(t, base).Users.Get(t.Context(), 7, motive.WithResponse(r))
	return err
}

// SkipValidation sends what validation refuses, and does not change it.
func TestSkipValidation(t *testing.T) {
	t.Parallel()
	srv := newServer(t, answering(200, oneUser))
	c := newClient(t, srv.url)
	create := &motive.CreateUserRequest{Cycle: motive.Set[motive.Cycle]("no_such"), Role: motive.Null[motive.Role]()}
	var invalid *motive.ValidationError
	if _, err := c.Users.Create(t.Context(), create); !errors.As(err, &invalid) {
		t.Errorf("error %v, want a ValidationError", err)
	}
	if _, err := c.Users.Create(t.Context(), create, motive.SkipValidation()); err != nil {
		t.Error(err)
	}
	if _, err := c.Users.Update(t.Context(), 7, &motive.UpdateUserRequest{}, nil, motive.SkipValidation()); err != nil {
		t.Error(err)
	}
	got := srv.got()
	if len(got) != 2 || !sameJSON(got[0].body, `{"cycle":"no_such","role":null}`) || !sameJSON(got[1].body, `{}`) {
		t.Errorf("sent %v", got)
	}
}

// By code it skips these problems alone, and reports the others.
func TestSkipValidationByCode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		opts []motive.CallOption
		want []string // the codes of the problems left; none: it is sent
	}{
		{"none skipped", nil, []string{motive.CodeRequired, motive.CodeUnknownCycle}},
		{"one skipped", []motive.CallOption{motive.SkipValidation("required")}, []string{motive.CodeUnknownCycle}},
		{"another skipped", []motive.CallOption{motive.SkipValidation("unknown_cycle")}, []string{motive.CodeRequired}},
		{"one that is not there skipped", []motive.CallOption{motive.SkipValidation("invalid")},
			[]string{motive.CodeRequired, motive.CodeUnknownCycle}},
		{"both skipped", []motive.CallOption{motive.SkipValidation("unknown_cycle", "required")}, nil},
		{"both skipped, apart", []motive.CallOption{
			motive.SkipValidation("unknown_cycle"), motive.SkipValidation("required"),
		}, nil},
		{"all and one skipped", []motive.CallOption{motive.SkipValidation(), motive.SkipValidation("invalid")}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, answering(200, oneUser))
			req := &motive.UpdateUserRequest{Cycle: motive.Set[motive.Cycle]("no_such"), Role: motive.Null[motive.Role]()}
			_, err := newClient(t, srv.url).Users.Update(t.Context(), 7, req, tt.opts...)
			var got []string
			if invalid := new(motive.ValidationError); errors.As(err, &invalid) {
				for _, p := range invalid.Problems {
					got = append(got, p.Code)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("problems %q are left, want %q", got, tt.want)
			}
			if sent := len(srv.got()); sent > 0 != (tt.want == nil) {
				t.Errorf("sent %d times with %q left", sent, tt.want)
			}
		})
	}
}

func TestStrictValidation(t *testing.T) {
	t.Parallel()
	srv := newServer(t, answering(201, oneUser))
	c := newClient(t, srv.url)
	req := ada()
	req.Cycle = motive.Set(motive.CycleUSProperty70Hour8Day)
	req.ExceptionAdverseDriving = motive.Set(true)
	var invalid *motive.ValidationError
	if _, err := c.Users.Create(t.Context(), req, motive.StrictValidation()); !errors.As(err, &invalid) || !invalid.Has("exception_adverse_driving", motive.CodeExceptionNotAllowed) {
		t.Errorf("error %v, want %s", err, motive.CodeExceptionNotAllowed)
	}
	if _, err := c.Users.Create(t.Context(), req); err != nil || len(srv.got()) != 1 {
		t.Errorf("%d requests, error %v", len(srv.got()), err)
	}
}

func TestAgainst(t *testing.T) {
	t.Parallel()
	srv := newServer(t, answering(200, oneUser))
	c := newClient(t, srv.url)
	current := &motive.User{ID: 7, Role: motive.RoleDriver, Cycle: motive.CycleUSProperty70Hour8Day, Exception8HourBreak: true, Exception24HourRestart: true}
	leave := &motive.UpdateUserRequest{Cycle: motive.Set(motive.CycleOther)}
	var invalid *motive.ValidationError
	if _, err := c.Users.Update(t.Context(), 7, leave, motive.Against(current)); !errors.As(err, &invalid) || invalid.Problems[0].Code != motive.CodeExceptionNotAllowed {
		t.Errorf("error %v, want %s", err, motive.CodeExceptionNotAllowed)
	}
	for _, opt := range []motive.CallOption{nil, motive.Against(nil), motive.Against(&motive.User{ID: 7})} {
		if _, err := c.Users.Update(t.Context(), 7, leave, opt); err != nil {
			t.Error(err)
		}
	}
	if len(srv.got()) != 3 {
		t.Errorf("%d requests, want 3", len(srv.got()))
	}
}
