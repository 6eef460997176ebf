package motivetest

import (
	"io"
	"strconv"
	"strings"
)

// Nonsense is a kind of body that is not what was promised.
type Nonsense int

// The kinds of nonsense.
const (
	WrongTypes  Nonsense = iota // the right names with values of other types
	NullBody                    // null
	ArrayBody                   // an array of numbers
	DeepNesting                 // an array 100,000 levels deep
	HugeBody                    // 100 MiB of well-formed JSON, streamed
	NotJSON                     // text
)

// String returns the kind in words, as it stands in the name of the fault.
func (n Nonsense) String() string {
	switch n {
	case WrongTypes:
		return "wrong types"
	case NullBody:
		return "null"
	case ArrayBody:
		return "an array"
	case DeepNesting:
		return "deep nesting"
	case HugeBody:
		return "100 MiB"
	case NotJSON:
		return "not JSON"
	default:
		return "nonsense " + strconv.Itoa(int(n))
	}
}

const (
	nestingDepth = 100_000
	hugeSize     = 100 << 20
)

// Garbage handles the request and replaces the body of a successful response; the status stays. One
// that refuses is left as it is.
func Garbage(kind Nonsense) Fault {
	return Fault{name: "garbage: " + kind.String(), rewrite: func(_ *exchange, a *answer) bool {
		if a.status >= 300 {
			return false
		}
		a.say(nonsense(kind))
		if kind == HugeBody {
			a.stream, a.size = hugeBody, hugeSize
		}
		return true
	}}
}

func nonsense(kind Nonsense) []byte {
	switch kind {
	case HugeBody:
		return nil // streamed
	case NullBody:
		return []byte("null")
	case ArrayBody:
		return []byte("[1,2,3]")
	case DeepNesting:
		return []byte(`{"user":` + strings.Repeat("[", nestingDepth) + strings.Repeat("]", nestingDepth) + "}")
	case NotJSON:
		return []byte("Service is warming up, please come back later.\n")
	default:
		return []byte(`{"user":{"id":{"value":1},"first_name":["Ada"],"group_ids":"none","metric_units":7,"external_ids":{"a":1}},` +
			`"users":{"user":[]},"pagination":[25,1,"many"],"user_roles":3,"access_token":{"a":1},"expires_in":"soon"}`)
	}
}

// hugeBody is one user whose last name does not end for 100 MiB.
func hugeBody() io.Reader {
	const head, tail = `{"user":{"id":1,"last_name":"`, `"}}`
	name := io.LimitReader(letters{}, hugeSize-int64(len(head)+len(tail)))
	return io.MultiReader(strings.NewReader(head), name, strings.NewReader(tail))
}

// letters is a text that never ends.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}
