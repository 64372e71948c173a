package upload_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/upload"
)

// child is a server in a process of its own, which may be killed.
type child struct {
	*world
	cmd *exec.Cmd
	in  io.Closer // the child ends with it
	to  string    // host:port
}

func newChild(t *testing.T) *child {
	t.Helper()
	c := &child{world: &world{t: t, dir: t.TempDir(), rec: &recordings{}}}
	c.start()
	t.Cleanup(c.kill)
	return c
}

// start spawns the server, or fails the test.
func (c *child) start(more ...string) {
	c.t.Helper()
	if err := c.spawn(more...); err != nil {
		c.t.Fatal(err)
	}
}

// spawn starts the server; more is added to its environment.
func (c *child) spawn(more ...string) error {
	c.cmd = exec.Command(os.Args[0])
	c.cmd.Env = append(append(os.Environ(), "UPLOAD_TEST_SERVER="+c.dir), more...)
	c.cmd.Stderr = os.Stderr
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	c.in, c.to = in, strings.TrimSpace(line)
	return err
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
	_ = c.in.Close()
}

// connect lets the world's requests go to the child.
func (c *child) connect() {
	c.url, c.client = "http://"+c.to, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
}

// gather takes over what the children were told of finished files.
func (c *child) gather() {
	told, _ := os.ReadFile(filepath.Join(c.dir, "told"))
	for line := range strings.Lines(string(told)) {
		var f upload.Finished
		if _, err := fmt.Sscan(line, &f.SHA256, &f.Size, &f.Path, &f.Name); err != nil {
			c.t.Fatal(err)
		}
		c.rec.told = append(c.rec.told, f)
	}
}

// serveChild is the child: it prints its address and serves until its input ends.
func serveChild(dir string) {
	cfg := upload.Config{Dir: dir, Recordings: fileTold(dir), Reserve: -1, Log: slog.New(slog.DiscardHandler)}
	if os.Getenv("UPLOAD_TEST_PROMISE") != "" {
		cfg.Free = func(string) (int64, error) { return 1 << 40, nil }
	}
	if os.Getenv("UPLOAD_TEST_SHOUT") != "" {
		cfg.Rewrite = shout
	}
	if limit, err := strconv.ParseUint(os.Getenv("UPLOAD_TEST_FSIZE"), 10, 64); err == nil {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			panic(err)
		}
	}
	s, err := upload.New(cfg)
	if err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	go func() { _ = http.Serve(l, s) }()
	go func() { _ = s.Run(context.Background()) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// fileTold notes what it is told in a file. With UPLOAD_TEST_DIE it dies instead.
type fileTold string

func (d fileTold) Begin(ctx context.Context, f upload.File) (upload.Place, error) {
	return (&recordings{}).Begin(ctx, f)
}

func (d fileTold) GivenUp(context.Context, string) error { return nil }

func (d fileTold) Done(_ context.Context, f upload.Finished) error {
	if os.Getenv("UPLOAD_TEST_DIE") != "" {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	told, err := os.OpenFile(filepath.Join(string(d), "told"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer told.Close()
	_, err = fmt.Fprintln(told, f.SHA256, f.Size, f.Path, f.Name)
	return err
}

// wire is a way to the child that breaks: a connection is cut when it has
// carried as many bytes as are left to the next cut.
type wire struct {
	net.Listener
	carried atomic.Int64
	mu      sync.Mutex
	to      string
	cuts    []int64 // after so many bytes in all
	conns   sync.WaitGroup
}

func newWire(t *testing.T, to string, cuts ...int64) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Listener: l, to: to, cuts: cuts}
	w.conns.Go(w.accept)
	t.Cleanup(func() { _ = l.Close(); w.conns.Wait() })
	return w
}

func (w *wire) accept() {
	for {
		c, err := w.Accept()
		if err != nil {
			return
		}
		w.conns.Go(func() { w.carry(c) })
	}
}

func (w *wire) lead(to string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.to = to
}

func (w *wire) carry(c net.Conn) {
	defer c.Close()
	w.mu.Lock()
	to := w.to
	w.mu.Unlock()
	s, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer s.Close()
	w.conns.Go(func() { _, _ = io.Copy(c, s); _ = c.Close() })
	buf := make([]byte, 64<<10)
	for {
		n, err := c.Read(buf)
		if _, failed := s.Write(buf[:n]); err != nil || failed != nil || w.cut(int64(n)) {
			return
		}
	}
}

// cut counts bytes and reports whether the connection breaks now.
func (w *wire) cut(n int64) bool {
	carried := w.carried.Add(n)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.cuts) == 0 || carried < w.cuts[0] {
		return false
	}
	w.cuts = w.cuts[1:]
	return true
}

// tusJS starts the unmodified tus-js-client on a file.
func tusJS(t *testing.T, to, file, options string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		testutil.Missing(t, "node")
	}
	if _, err := os.Stat("../web/node_modules/tus-js-client"); err != nil {
		testutil.Missing(t, "tus-js-client")
	}
	var log bytes.Buffer
	cmd := exec.Command("node", "testdata/send.mjs", "http://"+to+"/api/uploads/", file, options)
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd, &log
}

// TestTusJSClient sends 200 MB with the client that browsers use; the
// connection is cut four times and the server killed twice.
func TestTusJSClient(t *testing.T) {
	const mb = 1 << 20
	c, want := newChild(t), random(200*mb)
	file := filepath.Join(t.TempDir(), "a.webm")
	if err := os.WriteFile(file, want, 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWire(t, c.to, 5*mb, 40*mb, 90*mb, 220*mb)
	cmd, log := tusJS(t, w.Addr().String(), file, `{}`)
	for _, at := range []int64{60 * mb, 150 * mb} {
		until(t, func() bool { return w.carried.Load() > at })
		c.kill()
		c.start()
		w.lead(c.to)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	if attempts := strings.Count(log.String(), "attempt "); attempts < 4 {
		t.Errorf("%d attempts failed: the cuts didn't happen\n%s", attempts, log)
	}
	t.Logf("sent %d MB for 200", w.carried.Load()/mb)
	c.gather()
	c.arrived(want)
}

// The same client, with its other ways of sending.
func TestTusJSClientOptions(t *testing.T) {
	for name, options := range map[string]string{
		"creation with upload": `{"uploadDataDuringCreation": true}`,
		"pieces":               `{"chunkSize": 1000000}`,
		"POST for PATCH":       `{"overridePatchMethod": true, "chunkSize": 1000000}`,
		"deferred length":      `{"uploadLengthDeferred": true, "chunkSize": 1000000}`,
		"parts":                `{"parallelUploads": 3, "metadataForPartialUploads": {"recordingId": "rec1"}}`,
		"draft 05 of the IETF": `{"protocol": "ietf-draft-05", "chunkSize": 1000000}`,
		"draft 03 of the IETF": `{"protocol": "ietf-draft-03"}`,
	} {
		t.Run(name, func(t *testing.T) {
			c, want := newWorld(t), random(5<<20+1)
			file := filepath.Join(t.TempDir(), "a.webm")
			if err := os.WriteFile(file, want, 0o600); err != nil {
				t.Fatal(err)
			}
			w := newWire(t, c.http.Listener.Addr().String(), 1<<20, 3<<20)
			cmd, log := tusJS(t, w.Addr().String(), file, options)
			if err := cmd.Wait(); err != nil {
				t.Fatalf("%v\n%s", err, log)
			}
			c.arrived(want)
		})
	}
}

// TestKilledBeforeTelling kills the server between the last byte and the word
// about it: the next one says it.
func TestKilledBeforeTelling(t *testing.T) {
	c, want := newChild(t), random(1000)
	c.kill()
	c.start("UPLOAD_TEST_DIE=1")
	w := newWire(t, c.to)
	file := filepath.Join(t.TempDir(), "a.webm")
	if err := os.WriteFile(file, want, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd, log := tusJS(t, w.Addr().String(), file, `{}`)
	_ = c.cmd.Wait() // it kills itself
	c.start()
	w.lead(c.to)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	until(t, func() bool { _, err := os.Stat(filepath.Join(c.dir, "told")); return err == nil })
	c.gather()
	c.arrived(want)
}
