package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

var (
	downbeatBinary = testutil.Build(".", "downbeat", "./cmd/downbeat")
	natsBinary     = testutil.Build(".", "nats-server", "github.com/nats-io/nats-server/v2")
)

// instance is a server in a process of its own, the real program, that can be
// killed and started again.
type instance struct {
	t     testing.TB
	args  []string
	files int // that the process may have open; 0: as many as the test
	url   string
	cmd   *exec.Cmd
	said  bytes.Buffer // to be read when the process has ended
	errs  io.Writer    // takes standard error; nil: said does
}

// newInstance starts a server with further flags.
func newInstance(t testing.TB, flags ...string) *instance { return newInstanceOf(t, 0, flags...) }

// newInstanceOf starts one that may have so many files open.
func newInstanceOf(t testing.TB, files int, flags ...string) *instance {
	t.Helper()
	return (&instance{t: t, files: files}).begin(flags...)
}

// begin gives the instance ports, and starts it with further flags.
func (i *instance) begin(flags ...string) *instance {
	i.t.Helper()
	addr := freeAddr(i.t)
	_, port, err := net.SplitHostPort(freeAddr(i.t))
	check(i.t, err)
	i.url = "http://" + addr
	i.args = append([]string{"serve", "--addr", addr, "--rtc-tcp-port", port}, flags...)
	i.t.Cleanup(i.kill)
	i.start()
	return i
}

// written is what a process writes, to be read meanwhile.
type written struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// start starts the process and waits until it is ready.
func (i *instance) start() (readyAfter time.Duration) {
	i.t.Helper()
	testutil.Whole(i.t)
	binary, err := downbeatBinary()
	check(i.t, err)
	began := time.Now()
	i.cmd = exec.Command(binary, i.args...)
	if i.files > 0 {
		limited := fmt.Sprintf(`ulimit -n %d && exec "$0" "$@"`, i.files)
		i.cmd = exec.Command("/bin/sh", append([]string{"-c", limited, binary}, i.args...)...)
	}
	i.cmd.Stdout, i.cmd.Stderr = &i.said, &i.said
	if i.errs != nil {
		i.cmd.Stderr = i.errs
	}
	check(i.t, i.cmd.Start())
	eventually(i.t, "the server to be ready", func() bool {
		status, _, err := i.do("GET", "/readyz", "")
		return err == nil && status == http.StatusOK
	})
	return time.Since(began)
}

// kill ends the process as a power cut would.
func (i *instance) kill() {
	if i.cmd == nil || i.cmd.Process == nil {
		return
	}
	_ = i.cmd.Process.Kill()
	_ = i.cmd.Wait()
}

// do makes a request; the body of the answer is JSON.
func (i *instance) do(method, path, body string) (status int, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(i.t.Context(), 20*time.Second)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, method, i.url+path, bytes.NewBufferString(body))
	if err != nil {
		return 0, nil, err
	}
	r, err := client.Do(q)
	if err != nil {
		return 0, nil, err
	}
	defer r.Body.Close()
	answer, err = io.ReadAll(r.Body)
	return r.StatusCode, answer, err
}

// client keeps no connections: what it talks to gets killed.
// It takes any certificate: what a server serves with, other tests look at.
var client = &http.Client{Transport: &http.Transport{
	DisableKeepAlives: true, DialContext: dialFromAnywhere, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
}}

// dialFromAnywhere dials from one of many loopback addresses: the server limits
// what comes from one.
func dialFromAnywhere(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+rand.IntN(250)))}}
	return d.DialContext(ctx, network, addr)
}

// get decodes the answer to a GET.
func (i *instance) get(path string, into any) {
	i.t.Helper()
	status, b, err := i.do("GET", path, "")
	check(i.t, err)
	if status != http.StatusOK {
		i.t.Fatalf("GET %s: %d %s", path, status, b)
	}
	check(i.t, json.Unmarshal(b, into))
}

// connected is a member over a WebSocket, without WebRTC.
type connected struct {
	*signaling.Client
	session.SessionJoined
	events chan signaling.Message
	ended  chan error
	drop   context.CancelFunc // ends the connection
}

// join joins a session of an instance.
func (i *instance) join(q signaling.JoinRequest) *connected {
	i.t.Helper()
	c := i.dial()
	var err error
	c.SessionJoined, err = c.Join(i.t.Context(), q)
	check(i.t, err)
	return c
}

// dial connects to an instance, and joins nothing.
func (i *instance) dial() *connected {
	i.t.Helper()
	c := &connected{events: make(chan signaling.Message, 1000), ended: make(chan error, 1)}
	var err error
	c.Client, err = signaling.Dial(i.t.Context(), signaling.ClientConfig{
		URL: i.url, OnFrame: func([]byte) []byte { return nil }, OnMessage: func(m signaling.Message) { c.events <- m },
	})
	check(i.t, err)
	ctx, cancel := context.WithCancel(i.t.Context())
	c.drop = cancel
	go func() { c.ended <- c.Run(ctx) }()
	i.t.Cleanup(func() { cancel(); <-c.ended })
	return c
}

// await returns the next event of a name.
func (c *connected) await(t testing.TB, name string) signaling.Message {
	t.Helper()
	for timeout := time.After(30 * time.Second); ; {
		select {
		case m := <-c.events:
			if m.Event == name {
				return m
			}
		case <-timeout:
			t.Fatalf("waited 30 s for %s", name)
		}
	}
}

// natsServer is a real nats-server in a process of its own.
type natsServer struct {
	t    testing.TB
	addr string
	args []string
	cmd  *exec.Cmd
}

func newNATS(t testing.TB, args ...string) *natsServer {
	t.Helper()
	addr := freeAddr(t)
	host, port, err := net.SplitHostPort(addr)
	check(t, err)
	n := &natsServer{t: t, addr: addr, args: append([]string{"-a", host, "-p", port, "-js", "-sd", t.TempDir()}, args...)}
	t.Cleanup(n.kill)
	n.start()
	return n
}

// newCluster starts three NATS servers that are one; urls names them all.
func newCluster(t testing.TB) (servers []*natsServer, urls string) {
	t.Helper()
	var at, routes, all []string
	for range 3 {
		addr := freeAddr(t)
		at, routes = append(at, addr), append(routes, "nats://"+addr)
	}
	for _, addr := range at {
		n := newNATS(t, "-n", addr, "--cluster_name", "test", "--cluster", "nats://"+addr, "--routes", strings.Join(routes, ","))
		servers, all = append(servers, n), append(all, n.url())
	}
	return servers, strings.Join(all, ",")
}

func (n *natsServer) url() string { return "nats://" + n.addr }

func (n *natsServer) start() {
	n.t.Helper()
	testutil.Whole(n.t)
	binary, err := natsBinary()
	check(n.t, err)
	n.cmd = exec.Command(binary, n.args...)
	check(n.t, n.cmd.Start())
	eventually(n.t, "the NATS server to listen", func() bool {
		conn, err := net.Dial("tcp", n.addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

func (n *natsServer) kill() {
	if n.cmd == nil || n.cmd.Process == nil {
		return
	}
	_ = n.cmd.Process.Kill()
	_ = n.cmd.Wait()
}
