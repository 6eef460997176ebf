package real

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// enabled says that the parts are there, so that one that is missing is a failure.
const enabled = "MOTIVE_REAL"

func TestMain(m *testing.M) {
	if os.Getenv(roleVar) != "" {
		os.Exit(play(os.Getenv(roleVar)))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Getenv(enabled) != "1" {
		return m.Run()
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil { // they wait more than they work
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	dir, err := os.MkdirTemp("", "motive-real-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := makeCertificate(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// part skips a test where real parts are not asked for, and fails it where one of
// its programs is missing.
func part(t *testing.T, programs ...string) {
	t.Helper()
	if os.Getenv(enabled) != "1" {
		t.Skipf("run .ci/real, which installs the parts, or %s=1 go test ./... in test/real, where they are installed", enabled)
	}
	for _, program := range programs {
		if find(program) == "" {
			t.Fatalf("%s is not installed; .ci/real installs it", program)
		}
	}
}

// find returns the path of a program, "" if there is none. Daemons lie in a
// directory that is not on everyone's PATH.
func find(program string) string {
	if path, err := exec.LookPath(program); err == nil {
		return path
	}
	if path, err := exec.LookPath(filepath.Join("/usr/sbin", program)); err == nil {
		return path
	}
	return ""
}

// freePort returns a port that nobody listens on. It is below the range from which
// systems take the ports of outgoing connections, so that none of those takes it
// before the program that it is for listens.
func freePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port := 15000 + rand.IntN(15000)
		l, err := net.Listen("tcp", loopback(port))
		if err != nil {
			continue
		}
		_ = l.Close()
		return port
	}
	t.Fatal("no port is free")
	return 0
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// process is a program that the test has started and ends.
type process struct {
	*exec.Cmd
	log  string // the path of what it printed
	done chan struct{}
}

// start starts a program, whose output goes to a file, with variables added to its
// environment, and ends it with the test.
// What it started itself ends with it: it leads a process group of its own.
func start(t *testing.T, dir string, env []string, program string, args ...string) *process {
	t.Helper()
	cmd := exec.Command(find(program), args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	log, err := os.Create(filepath.Join(t.TempDir(), "output.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	p := &process{cmd, log.Name(), make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		_ = log.Close()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("%s printed:\n%s", program, p.tail())
		}
	})
	return p
}

// stop asks the process to end, and kills its group where it does not within three
// seconds.
func (p *process) stop() {
	_ = p.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(3 * time.Second):
	}
	_ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL)
	<-p.done
}

// tail returns the end of what the process printed.
func (p *process) tail() string { return tail(p.log) }

func tail(path string) string {
	const enough = 4000
	f, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = f.Close() }()
	if size, err := f.Seek(0, io.SeekEnd); err == nil && size > enough {
		_, _ = f.Seek(-enough, io.SeekEnd)
	} else {
		_, _ = f.Seek(0, io.SeekStart)
	}
	text, _ := io.ReadAll(bufio.NewReader(f))
	return string(text)
}

// listens waits until somebody listens on port, or the process has ended.
func (p *process) listens(port int) error {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", loopback(port), time.Second)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.done:
			return errors.New("it ended before it listened")
		default:
		}
	}
	return errors.New("it did not listen within 20 s")
}
