package main

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server starts the program, and returns its base URL when it listens.
func server(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), w)
		_ = w.Close()
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	said := make([]byte, 4096)
	n, err := r.Read(said)
	if err != nil {
		t.Fatal(err)
	}
	base := regexp.MustCompile(`http://\S+`).FindString(string(said[:n]))
	if base == "" || !strings.Contains(string(said[:n]), "curl -H 'Authorization: Bearer ") {
		t.Fatalf("printed %q", said[:n])
	}
	return base
}

func call(t *testing.T, method, url, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer canary-token")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

func TestThePageShowsWhatHappened(t *testing.T) {
	t.Parallel()
	base := server(t, "-token", "canary-token", "-key", "k")
	status, _ := call(t, "POST", base+"/v1/users",
		`{"first_name":"Ada <b>","last_name":"Reed","role":"driver","username":"ada.reed","password":"canary-password","nickname":"x"}`)
	if status != 201 {
		t.Fatalf("status %d", status)
	}
	call(t, "GET", base+"/v1/users?page_no=1&token=canary-secret", "")
	call(t, "PUT", base+"/v1/users/1/deactivate", "")
	_, page := call(t, "GET", base+"/", "")
	for _, want := range []string{
		"Ada &lt;b&gt; Reed", "ada.reed", "Bearer canary-token", "X-Api-Key: k", base, "POST /v1/users", "201, stored",
		"ignored: nickname", "?page_no=1&amp;token=…", "404", "a user is deactivated by PUT /v1/users/1", `id="fault-unavailable"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, secret := range []string{"canary-password", "canary-secret", "<script", "src="} {
		if strings.Contains(page, secret) {
			t.Errorf("the page has %q", secret)
		}
	}
}

func TestFaultsAreSwitchedOnAndOff(t *testing.T) {
	t.Parallel()
	base := server(t, "-token", "canary-token")
	form := func(fault, on string) string { return url.Values{"fault": {fault}, "on": {on}}.Encode() }
	flip := func(fault, on string, header ...string) int {
		status, _ := call(t, "POST", base+"/faults", form(fault, on), append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)...)
		return status
	}
	for _, step := range []struct {
		fault, on string
		switched  int
		status    int
	}{
		{"", "", 400, 200},
		{"nonsense", "true", 400, 200},
		{"unavailable", "true", 303, 503},
		{"rate", "true", 303, 503}, // the first of two wins
		{"unavailable", "false", 303, 429},
		{"rate", "false", 303, 200},
		{"missing", "true", 303, 404},
	} {
		if got := flip(step.fault, step.on); got != step.switched {
			t.Errorf("%s %s: status %d, want %d", step.fault, step.on, got, step.switched)
		}
		if got, _ := call(t, "GET", base+"/v1/users", ""); got != step.status {
			t.Errorf("after %s %s: status %d, want %d", step.fault, step.on, got, step.status)
		}
	}
	if got := flip("missing", "false", "Origin", "https://evil.test", "Sec-Fetch-Site", "cross-site"); got != 403 {
		t.Errorf("a foreign page may switch: %d", got)
	}
	if _, page := call(t, "GET", base+"/", ""); !strings.Contains(page, "switch off") || !strings.Contains(page, "fault: status 503") {
		t.Error("the page does not show the faults")
	}
}

// Every fault of the page does something, and none of them stops the page.
func TestEveryChoiceStrikes(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range choices {
		if c.Name == "" || c.Title == "" || seen[c.Name] || c.fault().String() == "" {
			t.Errorf("choice %q", c.Name)
		}
		seen[c.Name] = true
	}
}

func TestSeedsFromCSV(t *testing.T) {
	t.Parallel()
	base := server(t, "-token", "canary-token", "-seed", filepath.Join("testdata", "roster.csv"))
	status, text := call(t, "GET", base+"/v1/users/lookup_by_external_id?external_id=2001&integration_name=tms", "")
	for _, want := range []string{`"first_name":"Ada"`, `"username":"amoss.demo"`, `"exception_24_hour_restart":true`, `"group_ids":[101]`, `"cycle":"70_8"`} {
		if status != 200 || !strings.Contains(text, want) {
			t.Errorf("status %d, want %s in %s", status, want, text)
		}
	}
	for _, tt := range []struct{ text, says string }{
		{"", "the line of attributes: EOF"},
		{"first_name,group_ids\nAda,x", `line 2: group_ids: "x" is no whole number`},
		{"first_name,id\nAda,1\nBo,x", `line 3: id: "x" is no whole number`},
		{"first_name,last_name\nAda", "wrong number of fields"},
	} {
		file := filepath.Join(t.TempDir(), "x.csv")
		if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := run(t.Context(), []string{"-seed", file, "-addr", "127.0.0.1:0"}, io.Discard)
		if err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), "x.csv") {
			t.Errorf("%q: %v", tt.text, err)
		}
	}
	users, err := readUsers(strings.NewReader("\ufefffirst_name,metric_units,external_id,integration_name\nAda,true,7,acme\n"))
	if err != nil || len(users) != 1 || !users[0].MetricUnits || users[0].ExternalIDs[0].IntegrationName != "acme" || users[0].FirstName != "Ada" {
		t.Errorf("%v, %v", users, err)
	}
}

func TestStrictRefusesUnknownAttributes(t *testing.T) {
	t.Parallel()
	base := server(t, "-token", "canary-token", "-strict")
	if status, text := call(t, "POST", base+"/v1/users", `{"nickname":"x"}`); status != 422 || !strings.Contains(text, "nickname") {
		t.Errorf("%d %s", status, text)
	}
}
