package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/benchmarks/plain"
)

// TestMain serves where this program was started as the server.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == serveFlag {
		exit(serve())
	}
	os.Exit(m.Run())
}

func serving(t testing.TB) *server {
	t.Helper()
	s, err := startServer()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	return s
}

// What engines are compared at is worth comparing only if the types have the
// same fields.
func TestPlainTypesHaveTheFieldsOfMotive(t *testing.T) {
	for _, pair := range []struct{ plain, motive reflect.Type }{
		{reflect.TypeFor[plain.User](), reflect.TypeFor[motive.User]()},
		{reflect.TypeFor[plain.Create](), reflect.TypeFor[motive.CreateUserRequest]()},
		{reflect.TypeFor[plain.ExternalID](), reflect.TypeFor[motive.ExternalID]()},
	} {
		if got, want := jsonNames(pair.plain), jsonNames(pair.motive); !reflect.DeepEqual(got, want) {
			t.Errorf("%v has the fields\n%v\nand %v\n%v", pair.plain, got, pair.motive, want)
		}
	}
}

func jsonNames(t reflect.Type) []string {
	var names []string
	for field := range t.Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "-" {
			names = append(names, name)
		}
	}
	return names
}

func TestRequestsEncodeToTheSameBytes(t *testing.T) {
	got, err := json.Marshal(fullRequest())
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(fullCreateJSON) {
		t.Errorf("motive writes\n%s\nand a plain struct\n%s", got, fullCreateJSON)
	}
}

// The server refuses a create of other bytes than the others send.
func TestEnginesDoEveryWork(t *testing.T) {
	s := serving(t)
	for _, e := range engines(s.base) {
		for _, w := range works {
			if call := w.pick(e); call != nil && !w.late {
				if err := call(t.Context()); err != nil {
					t.Errorf("%s: %s: %v", e.name, w.name, err)
				}
			}
		}
	}
}

func TestPeersDecodeEveryField(t *testing.T) {
	s := serving(t)
	var want plain.Page
	if err := json.Unmarshal(listPage(2), &want); err != nil {
		t.Fatal(err)
	}
	for _, p := range peers {
		var got plain.Page
		err := p.open(s.base).call(t.Context(), "GET", "/v1/users?per_page=100&page_no=2", nil, &got)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s decodes another page, error %v", p.name, err)
		}
	}
}

func TestMotiveDecodesEveryField(t *testing.T) {
	s := serving(t)
	client, err := motive.NewClient(motive.WithAccessToken(token), motive.WithBaseURL(s.base))
	if err != nil {
		t.Fatal(err)
	}
	page, err := client.Users.List(t.Context(), &motive.ListUsersOptions{PageNo: 2})
	if err != nil {
		t.Fatal(err)
	}
	for i, user := range page.Users {
		var got plain.User
		if err := json.Unmarshal(mustMarshal(user), &got); err != nil {
			t.Fatal(err)
		}
		if want := fullUser(pageSize + int64(i) + 1); !reflect.DeepEqual(got, want) || len(user.Extra) > 0 {
			t.Fatalf("user %d is\n%+v, want\n%+v", i, got, want)
		}
	}
}

func TestCodecsDoEveryWork(t *testing.T) {
	for _, e := range codecs() {
		for _, w := range codecWorks {
			if call := w.pick(e); call != nil {
				if err := call(t.Context()); err != nil {
					t.Errorf("%s: %s: %v", e.name, w.name, err)
				}
			}
		}
	}
}

func TestPeersFailOnOtherStatuses(t *testing.T) {
	s := serving(t)
	for _, p := range peers {
		var page plain.Page
		if err := p.open(s.base).call(t.Context(), "GET", "/v1/users?page_no=999", nil, &page); err == nil {
			t.Errorf("%s takes a 404 for a page", p.name)
		}
	}
}

func TestRunPrintsTheTable(t *testing.T) {
	var out strings.Builder
	err := run(t.Context(), []string{"-rounds", "1", "-time", "1ms", "-work", "^small GET$|encode", "-engine", "motive|go-github|goccy", "-full"}, &out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| net/http by hand |", "| motive-go |", "| go-github |", "| goccy/go-json |"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "godo") {
		t.Errorf("an engine that does not match is in\n%s", &out)
	}
}

func TestRatiosAreMediansOfRounds(t *testing.T) {
	byHand := []sample{{took: 100}, {took: 200}, {took: 400}}
	other := []sample{{took: 150}, {took: 240}, {took: 800}}
	if got := ratio(other, byHand); got != 1.5 {
		t.Errorf("%v, want 1.5", got)
	}
}

func TestWorkersMakeEveryCall(t *testing.T) {
	for _, n := range []int{1, 63, 64, 65, 1000} {
		calls := make(chan int, n+64)
		err := work{workers: 64}.run(t.Context(), n, func(context.Context) error { calls <- 1; return nil })
		if err != nil || len(calls) != n {
			t.Errorf("%d calls, want %d, error %v", len(calls), n, err)
		}
	}
	broken := fmt.Errorf("broken")
	if err := (work{workers: 64}).run(t.Context(), 100, func(context.Context) error { return broken }); err != broken {
		t.Errorf("error %v, want %v", err, broken)
	}
}

// Benchmarks are the entry points of go test -bench: each engine at each work.
func BenchmarkClients(b *testing.B) {
	s := serving(b)
	prompt, late := engines(s.base), engines(s.late)
	for _, w := range works {
		all := prompt
		if w.late {
			all = late
		}
		bench(b, w, all)
	}
}

func BenchmarkCodecs(b *testing.B) {
	for _, w := range codecWorks {
		bench(b, w, codecs())
	}
}

func bench(b *testing.B, w work, all []engine) {
	for _, e := range all {
		call := w.pick(e)
		if call == nil {
			continue
		}
		b.Run(w.name+"/"+e.name, func(b *testing.B) {
			b.ReportAllocs()
			if err := w.run(b.Context(), b.N, call); err != nil {
				b.Fatal(err)
			}
		})
	}
}
