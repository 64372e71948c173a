package nats

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"

	"github.com/downbeat-sync/downbeat/internal/pause"
	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/store/storetest"
)

// natsBinary builds a real nats-server of the version in go.mod.
var natsBinary = sync.OnceValues(func() (string, error) {
	name := filepath.Join(scratch, "nats-server")
	out, err := exec.Command("go", "build", "-o", name, "github.com/nats-io/nats-server/v2").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return name, nil
})

// child is a nats-server of its own process, which can be killed and started again.
type child struct {
	t    *testing.T
	name string
	args []string
	url  string
	cmd  *exec.Cmd
}

// freePort returns a port that nobody listened on a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func newChild(t *testing.T, args ...string) *child {
	t.Helper()
	port := freePort(t)
	c := &child{t: t, name: nuid.Next(), url: fmt.Sprintf("nats://127.0.0.1:%d", port)}
	c.args = append([]string{"-n", c.name, "-a", "127.0.0.1", "-p", fmt.Sprint(port), "-js", "-sd", t.TempDir()}, args...)
	c.start()
	t.Cleanup(c.kill)
	return c
}

func (c *child) start() {
	c.t.Helper()
	binary, err := natsBinary()
	if err != nil {
		c.t.Fatal(err)
	}
	c.cmd = exec.Command(binary, c.args...)
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	eventually(c.t, "the server to listen", func() bool {
		conn, err := nats.Connect(c.url)
		if err != nil {
			return false
		}
		defer conn.Close()
		return conn.ConnectedServerName() == c.name // and not somebody else's who took the port
	})
}

// kill ends the process as a power cut would.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// eventually waits for a condition of a real process.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !cond(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited 30 s for %s", what)
		}
		pause.For(context.Background(), 20*time.Millisecond)
	}
}

func TestServerConforms(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return run(t, Config{URL: newChild(t).url}) })
}

// TestServerKilled: a write that finds the server dead is done when it is back,
// and who watches on another instance hears of it.
func TestServerKilled(t *testing.T) {
	c := newChild(t)
	writer, other := run(t, Config{URL: c.url, Patience: 30 * time.Second}), run(t, Config{URL: c.url})
	first := put(t, writer, "k.a", "1", 0)
	var seen atomic.Uint64
	ctx, stop := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() { _ = other.Watch(ctx, "k.>", func(e store.Entry) { seen.Store(e.Revision) }, func() {}) })
	defer watching.Wait()
	defer stop()
	c.kill()
	done := make(chan uint64)
	go func() {
		revision, err := writer.Put(t.Context(), "k.a", []byte("2"), first)
		if err != nil {
			t.Error(err)
		}
		done <- revision
	}()
	c.start()
	second := <-done
	eventually(t, "the other instance to see the write", func() bool { return seen.Load() == second })
}

// TestServerGone: a store that stays away is a clear error, and what is watched stays readable.
func TestServerGone(t *testing.T) {
	c := newChild(t)
	s := run(t, Config{URL: c.url, Patience: time.Second})
	first := put(t, s, "s.a.meta", "1", 0)
	watched(t, s, "s.a.>")
	c.kill()
	if _, err := s.Put(t.Context(), "s.a.meta", []byte("2"), first); err == nil || !strings.Contains(err.Error(), "doesn't answer") {
		t.Errorf("put: %v", err)
	}
	if list, err := s.List(t.Context(), "s.a.>"); err != nil || len(list) != 1 {
		t.Errorf("list: %v, %v", list, err)
	}
	if list, err := s.List(t.Context(), "s.b.>"); err == nil {
		t.Errorf("list of what isn't watched: %v", list)
	}
}

// watched watches keys until the test ends, and returns once all that is there has been told.
func watched(t *testing.T, s *Store, filter string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	loaded, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- s.Watch(ctx, filter, func(store.Entry) {}, func() { close(loaded) }) }()
	<-loaded
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestClusterKilled: when a server of a cluster dies that follows, the one that leads the stream, or all of them,
// writes go on afterwards, and nothing that was acknowledged is lost.
func TestClusterKilled(t *testing.T) {
	servers := newCluster(t)
	s := run(t, Config{URL: servers[0].url + "," + servers[1].url + "," + servers[2].url, Patience: time.Minute})
	revision, written := put(t, s, "k.a", "0", 0), 1
	for _, which := range []string{"a follower", "the leader", "all"} {
		leader := leaderOf(t, s, servers)
		killed := servers
		switch which {
		case "a follower":
			killed = []*child{servers[(slices.Index(servers, leader)+1)%3]}
		case "the leader":
			killed = []*child{leader}
		}
		for i := range 20 {
			if i == 5 {
				for _, c := range killed {
					c.kill()
				}
			}
			if i == 5 && which == "all" {
				for _, c := range killed {
					c.start()
				}
			}
			revision = put(t, s, "k.a", fmt.Sprint(written), revision)
			put(t, s, fmt.Sprintf("k.b%d", written), "x", 0)
			written++
		}
		e, err := s.Get(t.Context(), "k.a")
		if err != nil || string(e.Value) != fmt.Sprint(written-1) || e.Revision != revision {
			t.Errorf("%s killed: got %+v, %v", which, e, err)
		}
		if list, err := s.List(t.Context(), "k.>"); err != nil || len(list) != written {
			t.Errorf("%s killed: %d entries of %d, %v", which, len(list), written, err)
		}
		if which != "all" {
			killed[0].start()
		}
	}
}

func newCluster(t *testing.T) []*child {
	t.Helper()
	var ports []int
	var routes []string
	for range 3 {
		ports = append(ports, freePort(t))
		routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", ports[len(ports)-1]))
	}
	var servers []*child
	for _, port := range ports {
		servers = append(servers, newChild(t, "--cluster_name", "test",
			"--cluster", fmt.Sprintf("nats://127.0.0.1:%d", port), "--routes", strings.Join(routes, ",")))
	}
	return servers
}

func leaderOf(t *testing.T, s *Store, servers []*child) *child {
	t.Helper()
	info, err := s.link.Load().stream.Info(t.Context())
	if err != nil || info.Cluster == nil || info.Config.Replicas != 3 {
		t.Fatalf("the stream isn't in a cluster: %+v, %v", info, err)
	}
	return servers[slices.IndexFunc(servers, func(c *child) bool { return c.name == info.Cluster.Leader })]
}

// scratch is where the tests' binary is.
var scratch string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }
