package motive

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
)

// apiError makes an APIError of the answer at hand.
func (t *trip) apiError() *APIError {
	a := &t.answer
	body := t.scrubBytes(bytes.Clone(a.body[:min(len(a.body), maxErrorBody)]))
	e := &APIError{
		StatusCode: a.status,
		RequestID:  t.requestID(),
		RetryAfter: parseRetryAfter(a.header, time.Now()),
		Attempts:   t.sent,
		Method:     t.method,
		Path:       t.path,
		Body:       body,
	}
	e.Message, e.Fields = readErrorBody(body)
	if e.Message == "" {
		e.Message = statusMessage(a)
	}
	// Once more: the body may have had them in an escaped form of its own.
	e.Message = t.scrub(e.Message)
	for i, f := range e.Fields {
		e.Fields[i] = FieldError{t.scrub(f.Field), t.scrub(f.Code), t.scrub(f.Message)}
	}
	return e
}

// statusMessage says what a status means where the body does not.
func statusMessage(a *answer) string {
	if a.status >= 300 && a.status <= 399 && a.status != http.StatusNotModified {
		if target, err := url.Parse(a.header.Get("Location")); err == nil && target.Host != "" {
			return "redirect to " + printable(target.Host, 128) + ", which is not followed: the credential stays with the base URL's host"
		}
		return "redirect, which is not followed"
	}
	if a.status >= 500 && http.StatusText(a.status) == "" {
		return ErrServer.Error()
	}
	return strings.ToLower(http.StatusText(a.status))
}

// readErrorBody finds the words of an error in a body of any of the shapes that
// have been seen: an object with error_message, error, message or errors, each a
// text, a list, or a map of field to texts; or plain text. Of JSON that is cut off
// it reads what is whole. HTML says nothing.
func readErrorBody(body []byte) (string, []FieldError) {
	body = bytes.TrimSpace(body)
	members, isObject := leadingMembers(body)
	if !isObject {
		texts, fields := sayings(body, "", 0)
		if len(texts)+len(fields) == 0 {
			return plainText(body), nil
		}
		return joinErrors(texts, fields), fields
	}
	texts, fields := sayings(members["errors"], "", 0)
	for _, key := range [...]string{"error_message", "error", "message", "error_description"} {
		more, moreFields := sayings(members[key], "", 0)
		if len(more) > 0 {
			return joinErrors(more, nil), append(fields, moreFields...)
		}
		fields = append(fields, moreFields...)
	}
	return joinErrors(texts, fields), fields
}

// leadingMembers reads the members of an object up to the first that is broken,
// and reports whether body is or begins an object.
func leadingMembers(body []byte) (map[string]json.RawMessage, bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, false
	}
	members := make(map[string]json.RawMessage)
	for d.More() {
		key, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			break
		}
		members[key.(string)] = value
	}
	return members, true
}

// sayings collects what a value says: of no field in particular, and of fields.
// An object is one problem if it has a message, else a map of field to problems.
func sayings(raw json.RawMessage, field string, depth int) (texts []string, fields []FieldError) {
	const deepest = 5
	var value any
	if depth > deepest || len(raw) == 0 || json.Unmarshal(raw, &value) != nil {
		return nil, nil
	}
	switch value := value.(type) {
	case []any:
		var items []json.RawMessage
		_ = json.Unmarshal(raw, &items)
		for _, item := range items {
			t, f := sayings(item, field, depth+1)
			texts, fields = append(texts, t...), append(fields, f...)
		}
	case map[string]any:
		return objectSayings(raw, field, depth)
	case string:
		text := printable(value, maxMessage)
		switch {
		case text == "":
		case field == "":
			texts = append(texts, text)
		default:
			fields = append(fields, FieldError{Field: field, Message: text})
		}
	}
	return texts, fields
}

func objectSayings(raw json.RawMessage, field string, depth int) (texts []string, fields []FieldError) {
	var one struct{ Field, Attribute, Code, Message, Detail, Description string }
	_ = json.Unmarshal(raw, &one) // a code that is a number does not spoil the message
	field = firstOf(printable(firstOf(one.Field, one.Attribute), maxName), field)
	code := printable(one.Code, maxName)
	message := printable(firstOf(one.Message, one.Detail, one.Description, one.Code), maxMessage)
	switch {
	case message != "" && depth == 0:
		return []string{message}, nil
	case message != "":
		return nil, []FieldError{{Field: field, Code: code, Message: message}}
	}
	var members map[string]json.RawMessage
	_ = json.Unmarshal(raw, &members)
	for _, key := range slices.Sorted(maps.Keys(members)) {
		t, f := sayings(members[key], printable(key, maxName), depth+1)
		texts, fields = append(texts, t...), append(fields, f...)
	}
	return texts, fields
}

// How much of a server's words stands in an error, in bytes.
const (
	maxMessage = 1 << 10
	maxName    = 128
)

// joinErrors reads "email has already been taken, phone is too short".
func joinErrors(texts []string, fields []FieldError) string {
	for _, f := range fields {
		texts = append(texts, strings.TrimSpace(f.Field+" "+f.Message))
	}
	return printable(strings.Join(texts, ", "), maxMessage)
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// plainText is a short text body as it stands, or "" for markup and for JSON
// that is cut off.
func plainText(body []byte) string {
	if len(body) == 0 || len(body) > maxMessage || bytes.ContainsAny(body[:1], "<{[\"") || json.Valid(body) {
		return ""
	}
	return printable(string(body), maxMessage)
}

// printable folds white space, drops control characters and cuts s to limit
// bytes, so that an answer cannot forge lines of a log.
func printable(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}
