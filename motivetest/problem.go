package motivetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// A problem is one thing wrong with a request. Its sentence is the field followed by the message.
type problem struct {
	field   string
	message string
}

// ErrorShape is the form of the body of an error. Motive's is seen live as [ErrorMessage]; the
// others occur in the wild, and a client should take them all.
type ErrorShape int

// The shapes of an error's body.
const (
	ErrorMessage ErrorShape = iota // {"error_message":"email has already been taken"}
	ErrorString                    // {"error":"email has already been taken"}
	MessageOnly                    // {"message":"email has already been taken"}
	ErrorsList                     // {"errors":["email has already been taken"]}
	ErrorsMap                      // {"errors":{"email":["has already been taken"]}}
)

func (s ErrorShape) body(problems []problem) []byte {
	key := "error_message"
	switch s {
	case ErrorString:
		key = "error"
	case MessageOnly:
		key = "message"
	case ErrorsList:
		return encode(map[string][]string{"errors": sentences(problems)})
	case ErrorsMap:
		fields := map[string][]string{}
		for _, p := range problems {
			name := cmp.Or(p.field, "base") // where Rails puts what belongs to no field
			fields[name] = append(fields[name], p.message)
		}
		return encode(map[string]map[string][]string{"errors": fields})
	}
	return encode(map[string]string{key: sentence(problems)})
}

func sentences(problems []problem) []string {
	list := make([]string, len(problems))
	for i, p := range problems {
		list[i] = strings.TrimPrefix(p.field+" "+p.message, " ")
	}
	return list
}

func sentence(problems []problem) string { return strings.Join(sentences(problems), "; ") }

// encode marshals what cannot fail: strings, numbers, and slices and maps of them.
func encode(v any) []byte {
	data, _ := json.Marshal(v)
	return data
}

// refuse returns an error response that says message.
func refuse(status int, format string, args ...any) *response {
	return &response{status: status, problems: []problem{{message: fmt.Sprintf(format, args...)}}}
}

// unprocessable returns a 422 that lists the problems.
func unprocessable(problems ...problem) *response {
	return &response{status: http.StatusUnprocessableEntity, problems: problems}
}

// reply returns a response of JSON.
func reply(status int, v any) *response { return &response{status: status, body: encode(v)} }

// The sentences of this file are for what programs in other languages are seen to send: Motive's
// own pages are silent about what it says to them.

// unknownPath says which path was probably meant.
func (f *Fake) unknownPath(x *exchange) *response {
	path := x.entry.Path
	if path == "" {
		return refuse(http.StatusNotFound, "nothing is served outside the base path %s", f.basePath)
	}
	served := func(path string) bool {
		tmpl, _ := f.template(path)
		return tmpl != ""
	}
	trimmed := strings.TrimSuffix(path, "/")
	user, change, _ := strings.Cut(strings.TrimPrefix(trimmed, "/v1/users/"), "/")
	switch {
	case change == "deactivate" || change == "reactivate":
		status := map[string]string{"deactivate": "deactivated", "reactivate": "active"}[change]
		return refuse(http.StatusNotFound, `no such path: a user is %sd by PUT /v1/users/%s with {"status":%q}`, change, user, status)
	case served("/v1" + trimmed):
		return refuse(http.StatusNotFound, "no such path: it begins with /v1, as in /v1%s", trimmed)
	case trimmed != path && served(trimmed):
		return refuse(http.StatusNotFound, "no such path: %s has no slash at its end", trimmed)
	case strings.HasPrefix(trimmed, "/v1/user/") || trimmed == "/v1/user":
		return refuse(http.StatusNotFound, "no such path: it is /v1/users")
	case strings.HasPrefix(trimmed, "/v1/drivers"):
		return refuse(http.StatusNotFound, "no such path: drivers are users, as in GET /v1/users?role=driver")
	}
	return refuse(http.StatusNotFound, "no such path")
}

// insteadOf says which method was probably meant.
func insteadOf(method, template string) string {
	switch {
	case template != "/v1/users/{id}" && template != "/v1/users":
		return ""
	case method == http.MethodDelete:
		return `: users are never deleted, PUT /v1/users/{id} with {"status":"deactivated"} deactivates one`
	case method == http.MethodPatch || method == http.MethodPost:
		return ": PUT changes a user, and takes any subset of the attributes"
	case method == http.MethodPut:
		return ": the id belongs into the path, as in PUT /v1/users/7"
	}
	return ""
}

// missingCredential says where a credential belongs.
func missingCredential(x *exchange) string {
	const required = "a bearer token or an API key is required"
	if x.r.Header.Get("Authorization") != "" {
		return required + `: the header is "Authorization: Bearer <token>"`
	}
	for name := range x.query {
		if isSecret(name) {
			return required + `: it belongs into a header, "Authorization: Bearer <token>" or "X-Api-Key: <key>"`
		}
	}
	return required
}
