package motivetest

import (
	"net/http"
	"strings"
)

// The sentences of this file are for what programs in other languages are seen to send: Motive's
// own pages are silent about what it says to them.

// unknownPath says which path was probably meant.
func (f *Fake) unknownPath(x *exchange) *answer {
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
