package real

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"
)

// nginxConfig is what one test asks of nginx.
type nginxConfig struct {
	Backend  string // host:port
	HTTP     string // directives of the http block
	Server   string // directives and locations of the server block
	Location string // directives of the location of the API
	TLS      bool   // and HTTP/2

	Dir, Certificate, Key string
	Port                  int
	Root                  bool // workers of a master that runs as root would be nobody, who may not read Dir
}

var nginxTemplate = template.Must(template.New("nginx.conf").Parse(`
daemon off;
worker_processes 2;
pid {{.Dir}}/nginx.pid;
error_log {{.Dir}}/error.log warn;
{{if .Root}}user root;{{end}}
events { worker_connections 1024; }
http {
	log_format status '$status $time_iso8601';
	access_log {{.Dir}}/access.log status;
	client_body_temp_path {{.Dir}}/body;
	proxy_temp_path {{.Dir}}/proxy;
	fastcgi_temp_path {{.Dir}}/fastcgi;
	uwsgi_temp_path {{.Dir}}/uwsgi;
	scgi_temp_path {{.Dir}}/scgi;
	upstream backend {
		server {{.Backend}} max_fails=0;
		keepalive 32;
	}
	{{.HTTP}}
	server {
		listen 127.0.0.1:{{.Port}}{{if .TLS}} ssl http2{{end}};
		{{if .TLS}}ssl_certificate {{.Certificate}}; ssl_certificate_key {{.Key}};{{end}}
		{{.Server}}
		location /v1/ {
			proxy_pass http://backend;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			{{.Location}}
		}
	}
}
`))

// nginx is a running nginx in front of a backend.
type nginx struct {
	*process
	URL string
	dir string
}

// startNginx runs nginx until the end of the test.
func startNginx(t *testing.T, c nginxConfig) *nginx {
	t.Helper()
	c.Dir, c.Certificate, c.Key, c.Root = t.TempDir(), certificateFile, keyFile, os.Getuid() == 0
	path := filepath.Join(c.Dir, "nginx.conf")
	for range 5 { // a port may be taken in between
		c.Port = freePort(t)
		var conf strings.Builder
		if err := nginxTemplate.Execute(&conf, c); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(conf.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		n := &nginx{dir: c.Dir, URL: "http://" + loopback(c.Port)}
		if c.TLS {
			n.URL = "https://" + loopback(c.Port)
		}
		n.process = start(t, c.Dir, nil, "nginx", "-c", path, "-p", c.Dir, "-e", filepath.Join(c.Dir, "error.log"))
		err := n.listens(c.Port)
		if err == nil {
			return n
		}
		t.Logf("nginx: %v\n%s%s", err, n.tail(), tail(filepath.Join(c.Dir, "error.log")))
	}
	t.Fatal("nginx does not start")
	return nil
}

// workers lists the processes that serve: the children of the master that are not
// on their way out.
func (n *nginx) workers() (pids []int) {
	out, _ := exec.Command("ps", "-o", "pid=,args=", "--ppid", strconv.Itoa(n.Process.Pid)).Output()
	for line := range strings.Lines(string(out)) {
		pid, args, _ := strings.Cut(strings.TrimSpace(line), " ")
		if number, err := strconv.Atoi(pid); err == nil && strings.HasSuffix(strings.TrimSpace(args), "worker process") {
			pids = append(pids, number)
		}
	}
	return pids
}

// reload has the configuration read again: new workers serve, old ones finish what
// they have begun.
func (n *nginx) reload() error { return n.Process.Signal(syscall.SIGHUP) }

// killWorker kills a worker in the middle of whatever it does. The master starts
// another.
func (n *nginx) killWorker() error {
	workers := n.workers()
	if len(workers) == 0 {
		return fmt.Errorf("nginx has no worker")
	}
	return syscall.Kill(workers[0], syscall.SIGKILL)
}

// statuses counts what nginx has responded, by status.
func (n *nginx) statuses() map[string]int {
	time.Sleep(50 * time.Millisecond) // a line is written after the response
	counts := map[string]int{}
	log, _ := os.ReadFile(filepath.Join(n.dir, "access.log"))
	for line := range strings.Lines(string(log)) {
		status, _, _ := strings.Cut(line, " ")
		counts[status]++
	}
	return counts
}

// bySecond counts what nginx has responded with a status, in each second of the clock.
func (n *nginx) bySecond(status int) (counts []int) {
	log, _ := os.ReadFile(filepath.Join(n.dir, "access.log"))
	last := ""
	for line := range strings.Lines(string(log)) {
		said, at, _ := strings.Cut(line, " ")
		if at != last {
			counts, last = append(counts, 0), at
		}
		if said == strconv.Itoa(status) {
			counts[len(counts)-1]++
		}
	}
	return counts
}
