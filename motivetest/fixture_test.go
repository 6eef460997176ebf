package motivetest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestFixtureReaderSaysWhatIsWrongAndWhere(t *testing.T) {
	t.Parallel()
	const good = `{"request":{"method":"GET","path":"/v1/users/7"},"response":{"status":200}}`
	story := func(exchange string) string {
		return `{"title":"x","origin":"recorded","exchanges":[` + good + `,` + exchange + `]}`
	}
	for _, tt := range []struct{ name, story, want string }{
		{"empty file", ``, "is not a fixture in JSON: EOF"},
		{"cut off", `{"title":"x"`, "is not a fixture in JSON: unexpected EOF"},
		{"something after", `{"title":"x","origin":"recorded","exchanges":[` + good + `]} {}`, "something follows the JSON value"},
		{"misspelt field", `{"titel":"x"}`, `unknown field "titel"`},
		{"no title", `{"origin":"recorded","exchanges":[]}`, "title is missing"},
		{"no origin", `{"title":"x"}`, `origin is "", it must be "documentation" or "recorded"`},
		{"no exchanges", `{"title":"x","origin":"recorded"}`, "there are no exchanges"},
		{"exchange of another type", story(`7`), "exchange 2: is not a fixture in JSON"},
		{"misspelt field within", story(strings.Replace(good, "path", "url", 1)), `exchange 2: is not a fixture in JSON: json: unknown field "url"`},
		{"method", story(strings.Replace(good, "GET", "get", 1)), `exchange 2: method is "get", it must be one of GET, POST`},
		{"path outside v1", story(strings.Replace(good, "/v1/users/7", "/users/7", 1)), `exchange 2: path "/users/7" must begin with /v1/`},
		{"path with a query", story(strings.Replace(good, "users/7", "users?a=b", 1)), `must be escaped and without a query`},
		{"path that is not escaped", story(strings.Replace(good, "users/7", "users/a b", 1)), `exchange 2: path`},
		{"query without a value", story(strings.Replace(good, `users/7"`, `users/7","query":["role"]`, 1)), `exchange 2: query "role" must read key=value`},
		{"query out of order", story(strings.Replace(good, `users/7"`, `users/7","query":["b=1","a=1"]`, 1)), `exchange 2: query must be in alphabetical order of keys`},
		{"status", story(strings.Replace(good, "200", "99", 1)), "exchange 2: status is 99, it must be between 200 and 599"},
		{"body and text of a request", story(strings.Replace(good, `users/7"`, `users/7","body":{},"text":"x"`, 1)), "exchange 2: request has both body and text"},
		{"body and text", story(strings.Replace(good, "200", `200,"body":{},"text":"x"`, 1)), "exchange 2: response has both body and text"},
		{"header off the list", story(strings.Replace(good, "200", `200,"header":{"Set-Cookie":"x"}`, 1)), `exchange 2: header "Set-Cookie" must be one of Content-Type`},
		{"header with a line break", story(strings.Replace(good, "200", `200,"header":{"Retry-After":"1\r\nX: y"}`, 1)), `exchange 2: header Retry-After has a control character`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := writeStory(t, tt.story)
			_, err := loadFixture(file)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("got %v, want %s with the file's name", err, tt.want)
			}
		})
	}
}

func TestFixtureTellsNullFromAbsent(t *testing.T) {
	t.Parallel()
	f, err := parseFixture([]byte(`{"title":"x","origin":"documentation","exchanges":[
		{"request":{"method":"PUT","path":"/v1/users/7","body":null},"response":{"status":200,"body":null}},
		{"request":{"method":"PUT","path":"/v1/users/7"},"response":{"status":200}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if e := f.Exchanges[0]; string(e.Request.Body) != "null" || string(e.Response.Body) != "null" {
		t.Errorf("null reads %q and %q", e.Request.Body, e.Response.Body)
	}
	if e := f.Exchanges[1]; e.Request.Body != nil || e.Response.Body != nil {
		t.Errorf("absent reads %q and %q", e.Request.Body, e.Response.Body)
	}
}

func TestFixtureIsEasyToRead(t *testing.T) {
	t.Parallel()
	f := &fixture{Title: "x", Origin: originRecorded, Exchanges: []step{{
		Request:  fixtureRequest{Method: "GET", Path: "/v1/users/7"},
		Response: fixtureResponse{Status: 200, Body: json.RawMessage(`{"b":"<&>","a":[1.50,{"id":7}]}`)},
	}}}
	data, err := f.encode()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
  "title": "x",
  "origin": "recorded",
  "exchanges": [
    {
      "request": {
        "method": "GET",
        "path": "/v1/users/7"
      },
      "response": {
        "status": 200,
        "body": {
          "b": "<&>",
          "a": [
            1.50,
            {
              "id": 7
            }
          ]
        }
      }
    }
  ]
}
`
	if string(data) != want {
		t.Errorf("got:\n%s", data)
	}
}

// The committed fixtures stand as a Recorder would write them, so that one
// recorded anew differs in what was said only.
func TestCommittedFixturesAreInTheirFinalForm(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "testdata", "fixtures", "*.json"))
	if err != nil || len(files) < 11 {
		t.Fatalf("found %d fixtures, %v", len(files), err)
	}
	for _, file := range files {
		f, err := loadFixture(file)
		if err != nil {
			t.Error(err)
			continue
		}
		want, err := f.encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s:\n%s", file, diffLines(strings.Split(string(got), "\n"), strings.Split(string(want), "\n")))
		}
	}
}

// FuzzReadFixture looks for files that the reader takes and that then cannot be
// written and read again as the same story.
func FuzzReadFixture(f *testing.F) {
	f.Add([]byte(documented))
	f.Add([]byte(recorded))
	f.Add([]byte(`{"title":"x","origin":"documentation","exchanges":[{"request":{"method":"GET","path":"/v1/%2F","query":["a==&"]},"response":{"status":429,"header":{"Retry-After":"1"},"text":"<>"}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := parseFixture(data)
		if err != nil {
			if first != nil || strings.ContainsFunc(err.Error(), func(r rune) bool { return r == '\n' }) {
				t.Fatalf("a story beside the error, or an error of several lines: %v", err)
			}
			return
		}
		written, err := first.encode()
		if err != nil {
			t.Fatal(err)
		}
		second, err := parseFixture(written)
		if err != nil {
			t.Fatalf("%v:\n%s", err, written)
		}
		for i := range first.Exchanges {
			a, b := &first.Exchanges[i], &second.Exchanges[i]
			for _, body := range []*json.RawMessage{&a.Request.Body, &b.Request.Body, &a.Response.Body, &b.Response.Body} {
				if *body != nil {
					*body = json.RawMessage(compact(t, *body))
				}
			}
			for _, h := range []*fixtureResponse{&a.Response, &b.Response} {
				if len(h.Header) == 0 {
					h.Header = nil
				}
			}
			if len(a.Request.Query)+len(b.Request.Query) == 0 {
				a.Request.Query, b.Request.Query = nil, nil
			}
		}
		if !reflect.DeepEqual(first, second) {
			t.Fatalf("written and read again the story differs:\n%+v\n%+v", first, second)
		}
	})
}

// FuzzRecord looks for exchanges whose recording cannot be read, or does not
// replay with the request that was recorded.
func FuzzRecord(f *testing.F) {
	f.Add("users/7", "email=a%40b.test", []byte(``), 200, []byte(`{"user":{"id":7,"first_name":"Ada"}}`))
	f.Add("users", "x=1;2&&=", []byte(`{"first_name":"Ada","password":"x","a":{"":[1,"1",1.5,-0,null]}}`), 422, []byte(`{"errors":{"first_name":["Ada is taken"]}}`))
	f.Add("users/%2F..%00", "phone=%ff", []byte("\xff"), 502, []byte("<html>"))
	f.Add("", "", []byte(`{"Ada":{"Ada":"Ada"},"username":"Ada"}`), 204, []byte("plain \"text\" of Ada Byron"))
	f.Fuzz(func(t *testing.T, path, query string, body []byte, status int, answer []byte) {
		if status < 200 || status > 599 {
			return
		}
		url := "http://motive.test/api/v1/" + path + "?" + query
		send := func(rt http.RoundTripper) error {
			req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(string(body)))
			if err != nil {
				return nil // no program can send it
			}
			resp, err := rt.RoundTrip(req)
			if err != nil {
				return err
			}
			_, err = drain(resp.Body)
			return err
		}
		file := t.TempDir() + "/story.json"
		rec := Record(file, answering(status, nil, string(answer)))
		if err := send(rec); err != nil {
			t.Fatal(err)
		}
		if err := rec.Save(); err != nil {
			if len(rec.exchanges) == 0 {
				return // there was no request
			}
			t.Fatal(err)
		}
		stub := &stubTB{TB: t}
		if err := send(Replay(stub, file)); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzRecordedNames looks for a name that survives in a recording, in its own
// field or in a sentence about it.
func FuzzRecordedNames(f *testing.F) {
	for _, rest := range []string{"", "ada", " van Dyke", "-é’", "\u0301", "\x00", "\"quoted\"", "@fleet.test", "77", ".", "\xff", "[", "$1"} {
		f.Add(rest)
	}
	f.Fuzz(func(t *testing.T, rest string) {
		const start = "Zq" // in no stand-in and in no word of a fixture
		name := start + rest
		answer := appendJSON(nil, jsonObject{
			{"message", "taken by " + name + ", see " + name},
			{"user", jsonObject{{"first_name", name}, {name, true}, {"role", "driver"}}},
		})
		rec := Record("story.json", answering(422, nil, string(answer)))
		if _, err := get(t, rec, "http://motive.test/v1/users/7"); err != nil {
			t.Fatal(err)
		}
		data, err := rec.fixture().encode()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(start)) {
			t.Fatalf("%q survives:\n%s", name, data)
		}
	})
}
