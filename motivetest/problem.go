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
	switch s {
	case ErrorString:
		return encode(map[string]string{"error": sentence(problems)})
	case MessageOnly:
		return encode(map[string]string{"message": sentence(problems)})
	case ErrorsList:
		return encode(map[string][]string{"errors": sentences(problems)})
	case ErrorsMap:
		fields := map[string][]string{}
		for _, p := range problems {
			name := cmp.Or(p.field, "base") // where Rails puts what belongs to no field
			fields[name] = append(fields[name], p.message)
		}
		return encode(map[string]map[string][]string{"errors": fields})
	default:
		return encode(map[string]string{"error_message": sentence(problems)})
	}
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
func refuse(status int, format string, args ...any) *answer {
	return &answer{status: status, problems: []problem{{message: fmt.Sprintf(format, args...)}}}
}

// unprocessable returns a 422 that lists the problems.
func unprocessable(problems ...problem) *answer {
	return &answer{status: http.StatusUnprocessableEntity, problems: problems}
}

// reply returns a response of JSON.
func reply(status int, v any) *answer { return &answer{status: status, body: encode(v)} }
