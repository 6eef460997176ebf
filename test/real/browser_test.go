package real

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a headless Chromium with one tab.
type browser struct {
	context.Context

	mu        sync.Mutex
	complaint []string // exceptions, and what its console says of errors
	requests  []string // URLs
}

// startBrowser runs a browser with a fresh profile that reaches nothing but this
// machine.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, // which root may not do without
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
	)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, flags...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits for the end of the browser
		cancel()
	})
	b := &browser{Context: ctx}
	if err := chromedp.Listen(ctx, b.note); err != nil {
		t.Fatal(err)
	}
	return b
}

// chromium returns the path of a browser, under whichever name it is there.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "google-chrome"} {
		if path := find(name); path != "" {
			return path
		}
	}
	t.Fatal("no chromium is installed; .ci/real installs it")
	return ""
}

func (b *browser) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.complaint = append(b.complaint, e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		// A page without an icon is asked for one.
		if e.Entry.Level == log.EntryLevelError && !strings.HasSuffix(e.Entry.URL, "/favicon.ico") {
			b.complaint = append(b.complaint, e.Entry.Text)
		}
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	}
}

// do has the browser do something, and fails the test where it cannot.
func (b *browser) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b, actions...); err != nil {
		t.Fatal(err)
	}
}

// text returns what an element shows.
func (b *browser) text(t *testing.T, selector string) string {
	t.Helper()
	text, err := chromedp.Run(b, chromedp.Text(chromedp.CSS(selector)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// evaluate runs an expression in the page.
func evaluate[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	v, err := chromedp.Run(b, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// quiet fails the test for what the page complained of.
func (b *browser) quiet(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, complaint := range b.complaint {
		t.Errorf("the browser says: %s", complaint)
	}
}

// TestFakePage runs the fake as a program, creates a user as curl does, sees the user
// on the page, switches a fault on and sees the next call fail.
func TestFakePage(t *testing.T) {
	part(t)
	t.Parallel()
	program := filepath.Join(t.TempDir(), "motive-fake")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/motive-go/motive/motivetest/cmd/motive-fake").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	port := freePort(t)
	fake := start(t, t.TempDir(), nil, program, "-addr", loopback(port), "-token", "test")
	if err := fake.listens(port); err != nil {
		t.Fatalf("motive-fake: %v\n%s", err, fake.tail())
	}
	base := "http://" + loopback(port)

	status := call(t, "POST", base+"/v1/users", `{"first_name":"Ada","last_name":"<img src=x onerror=\"document.title='owned'\">Reed","role":"driver","username":"ada.reed"}`)
	if status != http.StatusCreated {
		t.Fatalf("the create: %d\n%s", status, fake.tail())
	}
	b := startBrowser(t)
	b.do(t, chromedp.Navigate(base+"/"))
	if text := b.text(t, "#users"); !strings.Contains(text, "ada.reed") || !strings.Contains(text, "<img src=x") {
		t.Errorf("the user does not stand on the page as written: %q", text)
	}
	if title := evaluate[string](t, b, "document.title"); title == "owned" {
		t.Error("a name on the page is run as a script")
	}
	if text := b.text(t, "#requests"); !strings.Contains(text, "POST /v1/users") || !strings.Contains(text, "201") {
		t.Errorf("the request does not stand on the page: %q", text)
	}

	for _, on := range []bool{true, false} {
		want, says := http.StatusServiceUnavailable, "switch off"
		if !on {
			want, says = http.StatusOK, "switch on"
		}
		b.press(t, "#fault-unavailable", says)
		if status := call(t, "GET", base+"/v1/users", ""); status != want {
			t.Errorf("with the fault on: %v, the next call is %d rather than %d", on, status, want)
		}
	}
	b.do(t, chromedp.Reload())
	if text := b.text(t, "#requests"); !strings.Contains(text, "fault: status 503") {
		t.Errorf("the page does not say what struck: %q", text)
	}
	b.quiet(t)
}

// press presses a button that loads the page anew, until the page says what it should.
func (b *browser) press(t *testing.T, button, says string) {
	t.Helper()
	b.do(t, chromedp.Click(chromedp.CSS(button)))
	waitFor(t, button+" to say "+says, func() bool {
		text, err := chromedp.Run(b, chromedp.Evaluate[string](fmt.Sprintf("document.querySelector(%q)?.textContent ?? ''", button)))
		return err == nil && text == says
	})
}

// call makes a request as a program in any language does, and returns its status.
func call(t *testing.T, method, url, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer test")
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}
