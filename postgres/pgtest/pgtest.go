//go:build linux

// Package pgtest runs a PostgreSQL server of a test's own, with PgBouncer in
// transaction mode before it, on loopback and in a temporary directory.
//
// The programs come from the packages postgresql and pgbouncer of Debian or of
// another system; they are looked for in PATH and where Debian puts them. Both
// refuse to run as root; a test that is root runs them as the user postgres.
package pgtest

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a running PostgreSQL with a PgBouncer before it.
type Server struct {
	dir          string
	bin          string // of PostgreSQL
	bouncer      string // the program
	as           *syscall.Credential
	port, pooled int // of PostgreSQL and of PgBouncer
	databases    atomic.Int64
	stopPG       func(syscall.Signal)
	stopPB       func(syscall.Signal)
}

const (
	startTimeout = 30 * time.Second
	superuser    = "postgres"
)

// Start makes a cluster and starts both servers. The caller stops it. The error
// is [ErrMissing] where a program is not installed.
func Start() (*Server, error) {
	s, err := find()
	if err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "pgtest"); err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		s.Stop()
		return nil, fmt.Errorf("starting a PostgreSQL of the test's own: %w", err)
	}
	return s, nil
}

// find looks for the programs and for a user to run them as.
func find() (*Server, error) {
	s := &Server{}
	var ok bool
	if s.bin, ok = postgresBin(); !ok {
		return nil, ErrMissing
	}
	var err error
	if s.bouncer, err = lookPath("pgbouncer", "/usr/sbin"); err != nil {
		return nil, ErrMissing
	}
	if os.Geteuid() != 0 {
		return s, nil
	}
	account, err := user.Lookup(superuser)
	if err != nil {
		return nil, ErrMissing
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return s, nil
}

// postgresBin is the directory of the newest PostgreSQL. Debian keeps the
// servers apart by version and outside of PATH.
func postgresBin() (string, bool) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	newest, version := "", 0
	for _, path := range found {
		n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		if err == nil && n > version {
			newest, version = filepath.Dir(path), n
		}
	}
	if newest != "" {
		return newest, true
	}
	path, err := exec.LookPath("initdb")
	return filepath.Dir(path), err == nil
}

func lookPath(name, elsewhere string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	return exec.LookPath(filepath.Join(elsewhere, name))
}

func (s *Server) start() error {
	if err := s.own(s.dir); err != nil {
		return err
	}
	initdb := s.command("initdb", "--pgdata", s.data(), "--username", superuser, "--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	var err error
	if s.port, err = freePort(); err != nil {
		return err
	}
	if s.pooled, err = freePort(); err != nil {
		return err
	}
	if err := s.startPostgres(); err != nil {
		return err
	}
	return s.startBouncer()
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// startPostgres starts the server with the least that a database may be set to:
// commits are not waited for, and idle transactions are ended early.
func (s *Server) startPostgres() error {
	cmd := s.command("postgres", "-D", s.data(), "-p", strconv.Itoa(s.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200",
		"-c", "synchronous_commit=off", "-c", "wal_writer_delay=10s", "-c", "wal_writer_flush_after=0",
		"-c", "idle_in_transaction_session_timeout=2s", "-c", "fsync=off")
	var err error
	if s.stopPG, err = s.run(cmd, "postgres.log"); err != nil {
		return err
	}
	return s.answers(s.url(s.port, superuser))
}

func (s *Server) startBouncer() error {
	config := fmt.Sprintf(`[databases]
* = host=127.0.0.1 port=%d user=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_client_conn = 500
default_pool_size = 20
server_idle_timeout = 2
`, s.port, superuser, s.pooled)
	path := filepath.Join(s.dir, "pgbouncer.ini")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return err
	}
	if err := s.own(path); err != nil {
		return err
	}
	var err error
	cmd := exec.Command(s.bouncer, path)
	if s.stopPB, err = s.run(cmd, "pgbouncer.log"); err != nil {
		return err
	}
	return s.answers(s.url(s.pooled, superuser))
}

// own gives a file to the user whom the servers run as.
func (s *Server) own(path string) error {
	if s.as == nil {
		return nil
	}
	return os.Chown(path, int(s.as.Uid), int(s.as.Gid))
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	return cmd
}

// run starts a server that ends with this process, also one that is killed. The
// kernel sends that signal when the thread ends which has started the server, so
// a goroutine stays on it.
func (s *Server) run(cmd *exec.Cmd, log string) (stop func(syscall.Signal), err error) {
	out, err := os.OpenFile(filepath.Join(s.dir, log), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as, Setpgid: true, Pdeathsig: syscall.SIGQUIT}
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return func(sig syscall.Signal) {
		_ = cmd.Process.Signal(sig)
		select {
		case <-ended:
		case <-time.After(startTimeout):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
	}, nil
}

// answers waits until a server takes connections.
func (s *Server) answers(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for {
		err := ping(ctx, url)
		if err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func ping(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	return conn.Ping(ctx)
}

func (s *Server) url(port int, database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(superuser),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Database makes an empty database and returns its URL, once direct and once
// through PgBouncer.
func (s *Server) Database(ctx context.Context) (direct, pooled string, err error) {
	conn, err := pgx.Connect(ctx, s.url(s.port, superuser))
	if err != nil {
		return "", "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", "", err
	}
	return s.url(s.port, name), s.url(s.pooled, name), nil
}

// Drop removes a database by its URL, whoever uses it.
func (s *Server) Drop(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, s.url(s.port, superuser))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, "DROP DATABASE "+config.Database+" WITH (FORCE)")
	return err
}

// Crash ends PostgreSQL as a crash would, and starts it again.
func (s *Server) Crash() error {
	s.stopPG(syscall.SIGQUIT)
	return s.startPostgres()
}

// Stop ends both servers and removes their directory.
func (s *Server) Stop() {
	if s.stopPB != nil {
		s.stopPB(syscall.SIGTERM)
	}
	if s.stopPG != nil {
		s.stopPG(syscall.SIGINT)
	}
	_ = os.RemoveAll(s.dir)
}

// Log returns what PostgreSQL has written, for a test that failed.
func (s *Server) Log() string {
	data, _ := os.ReadFile(filepath.Join(s.dir, "postgres.log"))
	return strings.TrimSpace(string(data))
}

// freePort returns a port that was free a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
