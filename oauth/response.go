package oauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/motive-go/motive/internal/text"
	"golang.org/x/oauth2"
)

// response is what a token endpoint has sent. It is read as generously as can
// be: with a response that is refused over a detail, the only good refresh token
// is lost.
type response struct {
	status int
	header http.Header
	body   []byte
	broken error // why body is not all of it

	read   bool
	fields map[string]string
	extra  map[string]any
}

// The reasons for which a success has no token.
var (
	errTooLarge = errors.New("the response is larger than 1 MiB")
	errNoToken  = errors.New("the response has no access token in it")
)

func (r *response) success() bool { return r.status >= 200 && r.status <= 299 }

// token returns the token of a success, without its expiry.
func (r *response) token() (*oauth2.Token, error) {
	if !r.success() {
		return nil, errNoToken
	}
	r.parse()
	switch {
	case r.fields["access_token"] != "":
		token := &oauth2.Token{
			AccessToken:  r.fields["access_token"],
			RefreshToken: r.fields["refresh_token"],
			TokenType:    r.fields["token_type"],
		}
		return token.WithExtra(r.extra), nil
	case len(r.body) > maxResponse:
		return nil, errTooLarge
	case r.broken != nil:
		return nil, errors.New("the response broke off: " + r.broken.Error())
	case r.fields == nil:
		return nil, errors.New("the response is " + r.kind() + ", not a token in JSON")
	}
	return nil, errNoToken
}

// lifetime is 0 where the response states none, or none that makes sense.
func (r *response) lifetime() time.Duration {
	r.parse()
	seconds, err := strconv.ParseFloat(strings.TrimSpace(r.fields["expires_in"]), 64)
	if err != nil && !math.IsInf(seconds, 1) || !(seconds >= 1) {
		return 0
	}
	return time.Duration(min(seconds, math.MaxInt32)) * time.Second // 68 years
}

type words struct{ code, message string }

// words returns what a response says of an error: after RFC 6749, or in the
// members in which Motive and its proxies put it.
func (r *response) words() words {
	r.parse()
	w := words{code: r.fields["error"], message: r.fields["error_description"]}
	for _, name := range []string{"error_message", "message"} {
		if w.message == "" {
			w.message = r.fields[name]
		}
	}
	return w
}

// parse reads the body once: as JSON whatever its type says, else as a form where
// the type does not speak against it.
func (r *response) parse() {
	if r.read {
		return
	}
	r.read = true
	if r.fields, r.extra = jsonFields(r.body); r.fields != nil {
		return
	}
	kind := r.kind()
	if kind != "application/x-www-form-urlencoded" && kind != "text/plain" {
		return
	}
	form, err := url.ParseQuery(strings.TrimSpace(string(r.body)))
	if err != nil || r.broken != nil { // a value may be cut off
		return
	}
	r.fields, r.extra = map[string]string{}, map[string]any{}
	for name, values := range form {
		r.fields[name], r.extra[name] = values[0], values[0]
	}
}

func (r *response) kind() string {
	kind, _, _ := mime.ParseMediaType(r.header.Get("Content-Type"))
	if kind == "" {
		return "of no known type"
	}
	return text.Printable(kind, maxMessage)
}

// jsonFields returns the members of the JSON object that body begins with, past a
// byte order mark, that are strings or numbers, the latter as they are spelt; nil
// if there is no whole object. What follows the object is ignored.
func jsonFields(body []byte) (map[string]string, map[string]any) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	var doc map[string]json.RawMessage
	if json.NewDecoder(bytes.NewReader(body)).Decode(&doc) != nil || doc == nil {
		return nil, nil
	}
	fields, extra := make(map[string]string, len(doc)), make(map[string]any, len(doc))
	for name, raw := range doc {
		var value any
		if json.Unmarshal(raw, &value) != nil {
			value = json.Number(raw) // beyond a float64
		}
		extra[name] = value
		switch v := value.(type) {
		case string:
			fields[name] = v
		case float64, json.Number:
			fields[name] = string(raw)
		}
	}
	return fields, extra
}
