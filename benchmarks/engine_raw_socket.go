package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
)

// rawSocket is the floor: bytes that were made before are written to a
// connection, and the response is read and thrown away.
func rawSocket(base string) engine {
	host := strings.TrimPrefix(base, "http://")
	const head = "Host: localhost\r\nAccept: application/json\r\nAuthorization: Bearer " + token + "\r\n"
	get := []byte("GET /v1/users/7 HTTP/1.1\r\n" + head + "\r\n")
	page := []byte("GET /v1/users?per_page=100&page_no=1 HTTP/1.1\r\n" + head + "\r\n")
	create := fmt.Appendf(nil, "POST /v1/users HTTP/1.1\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		head, len(fullCreateJSON), fullCreateJSON)

	conns := sync.Pool{New: func() any {
		c, err := net.Dial("tcp", host)
		if err != nil {
			return err
		}
		return &rawConn{c, bufio.NewReaderSize(c, 64<<10)}
	}}
	exchange := func(request []byte) error {
		switch c := conns.Get().(type) {
		case error:
			return c
		case *rawConn:
			err := c.exchange(request)
			conns.Put(c)
			return err
		}
		return nil
	}
	return engine{
		name:   "the raw socket",
		get:    func(context.Context) (int64, error) { return 7, exchange(get) },
		page:   func(context.Context) (int, error) { return pageSize, exchange(page) },
		create: func(context.Context) (int64, error) { return newID, exchange(create) },
		list: func(context.Context) (int, error) {
			for range listSize / pageSize {
				if err := exchange(page); err != nil {
					return 0, err
				}
			}
			return listSize, nil
		},
	}
}

type rawConn struct {
	net.Conn
	r *bufio.Reader
}

func (c *rawConn) exchange(request []byte) error {
	if _, err := c.Write(request); err != nil {
		return err
	}
	length := -1
	for first := true; ; first = false {
		line, err := c.r.ReadSlice('\n')
		switch {
		case err != nil:
			return err
		case first && !bytes.HasPrefix(line, []byte("HTTP/1.1 20")):
			return errors.New(strings.TrimSpace(string(line)))
		case len(line) == 2:
			_, err = io.CopyN(io.Discard, c.r, int64(length))
			return err
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
}
