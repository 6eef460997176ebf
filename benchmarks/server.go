package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// The server runs in a process of its own, so that what it allocates is not
// counted.

const (
	serveFlag = "serve" // the argument that makes this program the server
	latency   = 50 * time.Millisecond
)

// server is the running server.
type server struct {
	base string // answers at once
	late string // answers after latency
	stop func()
}

// startServer starts this program once more as the server.
func startServer() (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, serveFlag)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{stop: func() { in.Close(); _ = cmd.Wait() }}
	if _, err := fmt.Fscanln(bufio.NewReader(out), &s.base, &s.late); err != nil {
		s.stop()
		return nil, fmt.Errorf("the server did not start: %w", err)
	}
	return s, nil
}

// connections is how many connections either address has accepted.
func (s *server) connections() (int, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(s.base + "/connections")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(body))
}

// serve is the server's whole life. It ends with its standard input, and so with
// the process that started it.
func serve() error {
	var accepted, asked atomic.Int64
	api := newAPI()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/connections" {
			asked.Add(1)
			fmt.Fprint(w, accepted.Load()-asked.Load())
			return
		}
		api(w, r)
	})
	delayed := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(latency)
		handler(w, r)
	})
	count := func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			accepted.Add(1)
		}
	}
	var bases []any
	for _, h := range []http.Handler{handler, delayed} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		bases = append(bases, "http://"+l.Addr().String())
		srv := &http.Server{Handler: h, ConnState: count}
		go srv.Serve(l)
	}
	fmt.Println(bases...)
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// newAPI answers from bodies that were made before. Each response has a
// Content-Length.
func newAPI() http.HandlerFunc {
	user, newUser := []byte(smallUser), created()
	pages := make([][]byte, listSize/pageSize)
	for i := range pages {
		pages[i] = listPage(i + 1)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			body, err := io.ReadAll(r.Body)
			if err != nil || !bytes.Equal(bytes.TrimSpace(body), fullCreateJSON) {
				http.Error(w, `{"error_message":"this is not the body that every engine sends"}`, http.StatusBadRequest)
				return
			}
			reply(w, http.StatusCreated, newUser)
		case strings.HasSuffix(r.URL.Path, "/users/7"):
			reply(w, http.StatusOK, user)
		default:
			number, _ := strconv.Atoi(r.FormValue("page_no"))
			if number < 1 || number > len(pages) {
				http.Error(w, `{"error_message":"no such page"}`, http.StatusNotFound)
				return
			}
			reply(w, http.StatusOK, pages[number-1])
		}
	}
}

func reply(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
