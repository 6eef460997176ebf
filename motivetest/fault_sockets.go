package motivetest

import (
	"net"
	"net/http"
	"time"
)

// ConnectionRefused cuts the connection of the request it strikes, which is not handled, and
// closes the port for d, as [Server.Refuse] does; 0 is until [Server.Accept].
//
// A server cannot refuse a request that has reached it: to the client the struck request is a
// reset, and every connection that follows is refused by the operating system. For a client
// whose very first dial is refused call [Server.Refuse].
func ConnectionRefused(d time.Duration) Fault {
	return Fault{name: "connection refused", cut: func(x *exchange) {
		x.f.refuse(d)
		x.reset()
	}}
}

// ResetBefore resets the connection instead of handling the request.
func ResetBefore() Fault {
	return Fault{name: "reset before handling", cut: (*exchange).reset}
}

// ResetAfter handles the request and resets the connection instead of answering: the change is
// committed and the client cannot know.
func ResetAfter() Fault {
	return Fault{name: "reset after commit", deliver: func(x *exchange, _ *response) { x.reset() }}
}

// HangBeforeHeaders neither handles nor answers, until the client goes away or the fake is closed.
func HangBeforeHeaders() Fault {
	return Fault{name: "hang before headers", cut: (*exchange).hangUp}
}

// HangAfterCommit handles the request and does not answer.
func HangAfterCommit() Fault {
	return Fault{name: "hang after commit", deliver: func(x *exchange, _ *response) { x.hangUp() }}
}

// HangMidBody handles the request, sends the first half of the response's body and no more. Of an
// empty body one byte is announced, and none sent.
func HangMidBody() Fault {
	return Fault{name: "hang in the body", deliver: func(x *exchange, a *response) {
		x.sendHalf(a)
		x.hang()
	}}
}

// TruncateBody handles the request, sends the first half of the response's body and closes the
// connection. Of an empty body one byte is announced, and none sent.
func TruncateBody() Fault {
	return Fault{name: "body cut off", deliver: (*exchange).sendHalf}
}

// DripBody handles the request and sends the body in pieces of n bytes with a pause before each.
func DripBody(n int, pause time.Duration) Fault {
	return Fault{name: "dripping body", deliver: func(x *exchange, a *response) {
		body, size := a.content()
		x.write(a, size)
		x.pour(body, size, max(n, 1), pause)
	}}
}

// sendHalf announces the whole body and sends half of it. net/http closes the connection of a
// handler that writes less than it has announced.
func (x *exchange) sendHalf(a *response) {
	body, size := a.content()
	x.write(a, max(size, 1))
	x.pour(body, size/2, pieceSize, 0)
	x.flush()
}

func (x *exchange) flush() { _ = http.NewResponseController(x.w).Flush() }

// hangUp hangs, and then resets.
func (x *exchange) hangUp() {
	x.hang()
	x.reset()
}

// reset ends the connection with a RST rather than the orderly FIN.
func (x *exchange) reset() {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		x.send(refuse(http.StatusNotImplemented, "this fault needs a connection to cut: use motivetest.NewServer or motivetest.Start"))
		return
	}
	if outer, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = outer.NetConn() // TLS would say goodbye first
	}
	if conn, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = conn.SetLinger(0) // unsent data is dropped, and Close sends RST
	}
	_ = conn.Close()
}
