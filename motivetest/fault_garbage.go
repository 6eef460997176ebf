package motivetest

import (
	"bytes"
	"io"
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

const (
	nestingDepth = 100_000
	hugeSize     = 100 << 20
)

// Garbage handles the request and replaces the body of a successful answer;
// the status stays. An answer that refuses is left as it is.
func Garbage(kind Nonsense) Fault {
	return Fault{name: "garbage", rewrite: func(_ *exchange, a *answer) {
		if a.problems != nil || a.status >= 300 {
			return
		}
		if kind == HugeBody {
			a.body, a.stream = nil, writeHuge
			return
		}
		a.body = nonsense(kind)
	}}
}

func nonsense(kind Nonsense) []byte {
	switch kind {
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

// writeHuge writes one user whose last name does not end for 100 MiB.
func writeHuge(w io.Writer, done <-chan struct{}) {
	if _, err := io.WriteString(w, `{"user":{"id":1,"last_name":"`); err != nil {
		return
	}
	piece := bytes.Repeat([]byte("a"), 1<<20)
	for range hugeSize / len(piece) {
		select {
		case <-done:
			return
		default:
		}
		if _, err := w.Write(piece); err != nil {
			return // the client has had enough
		}
	}
	_, _ = io.WriteString(w, `"}}`)
}
