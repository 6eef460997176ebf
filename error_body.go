package motive

import (
	"bytes"
	"encoding/json"
	"fmt"
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
	if a.status >= 300 && a.status <= 399 {
		if target, err := url.Parse(a.header.Get("Location")); err == nil && target.Host != "" {
			return "redirect to " + printable(target.Host, 128) + ", which is not followed: the credential stays with the base URL's host"
		}
		return "redirect, which is not followed"
	}
	return strings.ToLower(http.StatusText(a.status))
}

// readErrorBody finds the words of an error in a body of any of the shapes that
// have been seen: an object with error_message, error, message or errors (a
// text, a list, or a map of field to texts), or plain text. HTML says nothing.
func readErrorBody(body []byte) (string, []FieldError) {
	trimmed := bytes.TrimSpace(body)
	var object map[string]json.RawMessage
	if json.Unmarshal(trimmed, &object) != nil {
		fields, texts := readErrors(trimmed)
		if len(fields)+len(texts) == 0 {
			return plainText(trimmed), nil
		}
		return joinErrors(fields, texts), fields
	}
	var fields []FieldError
	var texts []string
	if raw, ok := object["errors"]; ok {
		fields, texts = readErrors(raw)
	}
	for _, key := range [...]string{"error_message", "error", "message", "error_description"} {
		if raw, ok := object[key]; ok {
			if said := messageOf(raw); said != "" {
				return printable(said, maxMessage), fields
			}
			if more, _ := readErrors(raw); len(fields) == 0 && len(more) > 0 {
				fields = more
			}
		}
	}
	return joinErrors(fields, texts), fields
}

// joinErrors reads "email has already been taken, phone is too short".
func joinErrors(fields []FieldError, texts []string) string {
	for _, f := range fields {
		texts = append(texts, strings.TrimSpace(f.Field+" "+f.Message))
	}
	return printable(strings.Join(texts, ", "), maxMessage)
}

// maxMessage is how much of a server's words stands in an error, in bytes.
const maxMessage = 1 << 10

// messageOf reads a text, or the message within an object.
func messageOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var object struct{ Message, Description string }
	if json.Unmarshal(raw, &object) == nil {
		if object.Message != "" {
			return object.Message
		}
		return object.Description
	}
	return ""
}

// readErrors reads a map of field to text or texts, or a list whose elements
// are texts or objects with a field and a message.
func readErrors(raw json.RawMessage) (fields []FieldError, texts []string) {
	var byField map[string]json.RawMessage
	if json.Unmarshal(raw, &byField) == nil {
		for _, field := range slices.Sorted(maps.Keys(byField)) {
			for _, text := range textsOf(byField[field]) {
				fields = append(fields, FieldError{Field: printable(field, 128), Message: printable(text, maxMessage)})
			}
		}
		return fields, nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil, textsOf(raw)
	}
	for _, item := range list {
		var object struct{ Field, Attribute, Code, Message, Detail string }
		if item[0] != '{' {
			texts = append(texts, textsOf(item)...)
			continue
		}
		_ = json.Unmarshal(item, &object) // a code that is a number does not spoil the message
		f := FieldError{
			Field:   printable(firstOf(object.Field, object.Attribute), 128),
			Code:    printable(object.Code, 128),
			Message: printable(firstOf(object.Message, object.Detail, object.Code), maxMessage),
		}
		if f.Message != "" {
			fields = append(fields, f)
		}
	}
	return fields, texts
}

// textsOf reads a text or a list of texts.
func textsOf(raw json.RawMessage) []string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if text == "" { // null as well
			return nil
		}
		return []string{text}
	}
	var list []any
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	var texts []string
	for _, item := range list {
		texts = append(texts, fmt.Sprint(item))
	}
	return texts
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
	if len(body) == 0 || len(body) > maxMessage || bytes.ContainsAny(body[:1], "<{[\"") {
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
