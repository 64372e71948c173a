package socketio_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/testserver"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// told is something that a client wrote.
type told struct {
	Event string
	At    float64 // ms since the Unix epoch
	Data  map[string]any
}

// client is a process of Node's that runs a document's code.
type client struct {
	t     testing.TB
	in    io.WriteCloser
	lines chan told

	mu   sync.Mutex
	seen []told
}

// build makes a document's code and the page around it one file for Node, with the server's address in it.
func build(t testing.TB, url, document string) string {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		testutil.Missing(t, "node")
	}
	modules := filepath.Join(testutil.Root(), "web", "node_modules")
	if _, err := os.Stat(filepath.Join(modules, "socket.io-client", "package.json")); err != nil {
		testutil.Missing(t, "socket.io-client in web/node_modules (npm ci)")
	}
	dir := t.TempDir()
	put := func(to, before, from, after string) {
		b, err := os.ReadFile(filepath.Join("testdata", from))
		testutil.Check(t, err)
		b = bytes.ReplaceAll(b, []byte("io('http://localhost:3000')"), []byte("io('"+url+"')"))
		testutil.Check(t, os.WriteFile(filepath.Join(dir, to), append([]byte(before), append(b, after...)...), 0o600))
	}
	const socket = "import { getSocket } from '@/lib/socket';\n"
	put("tell.js", "", "tell.js", "")
	main := "main-second.js"
	if document == "first" {
		main = "main-first.tsx"
		put("useCamera.js", "", "useCamera.js", "")
		put("socket.ts", "", "first/socket.ts", "")
		put("join.ts", "", "first/join.ts", "\nexport { joinSession };")
		put("recording.tsx", "", "first/recording.tsx", "\nexport { RecordingComponent };")
		put("panel.tsx", socket, "first/panel.tsx", "\nexport { DesktopControlPanel };")
		put("errors.ts", socket+"export function watchErrors() { const socket = getSocket();\n", "first/errors.ts", "}")
	} else {
		put("client.js", "import { io } from 'socket.io-client';\n", "second/client.js", "\nexport { socket };")
	}
	put(main, "", main, "")
	out := filepath.Join(dir, "client.mjs")
	cmd := exec.Command(filepath.Join(modules, ".bin", "esbuild"), filepath.Join(dir, main), "--bundle", "--platform=node", "--format=esm",
		"--jsx=transform", "--alias:@/lib/socket="+filepath.Join(dir, "socket.ts"), "--alias:@/hooks/useCamera="+filepath.Join(dir, "useCamera.js"),
		"--banner:js=import{createRequire}from'node:module';const require=createRequire(import.meta.url);", "--log-level=warning", "--outfile="+out)
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("esbuild: %v: %s", err, text)
	}
	return out
}

// run starts a client; it is ended with the test.
func run(t testing.TB, url, file string, args ...string) *client {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", append([]string{file}, args...)...)
	cmd.Env = append(os.Environ(), "NEXT_PUBLIC_WS_URL="+url)
	cmd.WaitDelay = time.Second
	in, err := cmd.StdinPipe()
	testutil.Check(t, err)
	out, err := cmd.StdoutPipe()
	testutil.Check(t, err)
	cmd.Stderr = os.Stderr
	testutil.Check(t, cmd.Start())
	c := &client{t: t, in: in, lines: make(chan told, 1024)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(c.lines)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var what told
			if json.Unmarshal(lines.Bytes(), &what) == nil {
				c.mu.Lock()
				c.seen = append(c.seen, what)
				c.mu.Unlock()
				c.lines <- what
			}
		}
	}()
	t.Cleanup(func() {
		_ = in.Close()
		<-read
		_ = cmd.Wait()
	})
	c.await("ready")
	return c
}

func (c *client) say(line string) {
	c.t.Helper()
	_, err := io.WriteString(c.in, line+"\n")
	testutil.Check(c.t, err)
}

// await waits for what the client tells next of a kind.
func (c *client) await(event string) told { return c.awaitThat(event, func(told) bool { return true }) }

func (c *client) awaitThat(event string, so func(told) bool) told {
	c.t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		select {
		case what, ok := <-c.lines:
			switch {
			case !ok:
				c.t.Fatalf("the client ended before %s", event)
			case what.Event == event && so(what):
				return what
			}
		case <-timeout:
			c.mu.Lock()
			defer c.mu.Unlock()
			c.t.Fatalf("waited 30 s for %s; the client told %v", event, c.seen)
		}
	}
}

// count returns how often the client told of something.
func (c *client) count(event string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, what := range c.seen {
		if what.Event == event {
			n++
		}
	}
	return n
}

// logs waits for a line of the client's console.
func (c *client) logs(text string) told {
	c.t.Helper()
	return c.awaitThat("log", func(w told) bool { return strings.Contains(w.Data["text"].(string), text) })
}

func start(t testing.TB) string {
	t.Helper()
	s, err := testserver.Start()
	testutil.Check(t, err)
	t.Cleanup(func() { testutil.Check(t, s.Close()) })
	return s.URL
}

// TestFirstDocument: three of its clients record one take, whoever joined first, and nobody is alerted.
func TestFirstDocument(t *testing.T) {
	url := start(t)
	file := build(t, url, "first")
	for name, types := range map[string][]string{"the desktop first": {"desktop", "mobile", "mobile"}, "a mobile first": {"mobile", "mobile", "desktop"}} {
		t.Run(name, func(t *testing.T) {
			session := strings.ReplaceAll(name, " ", "-")
			var clients []*client
			for _, deviceType := range types {
				c := run(t, url, file, session, deviceType)
				c.say("join")
				c.logs("Session status:")
				c.logs("Another device joined") // its own
				clients = append(clients, c)
			}
			clients[slices.Index(types, "desktop")].say("start")
			var starts []float64
			for _, c := range clients {
				starts = append(starts, c.await("started").At)
			}
			for _, c := range clients {
				c.await("stopped")
			}
			t.Logf("starts %.1f ms apart", slices.Max(starts)-slices.Min(starts))
			for i, c := range clients {
				if c.count("started") != 1 || c.count("stopped") != 1 || c.count("alert") != 0 {
					t.Errorf("client %d started %d times, stopped %d times and had %d alerts", i, c.count("started"), c.count("stopped"), c.count("alert"))
				}
			}
		})
	}
}

// TestSecondDocument: its client leads and plays; a second tab of the same user, a reload and a lost
// connection are members as before.
func TestSecondDocument(t *testing.T) {
	url := start(t)
	file := build(t, url, "second")
	first := run(t, url, file)
	if joined := first.logs("Joined session"); joined.Data["leads"] != true || joined.Data["userId"] != "user-123" {
		t.Fatalf("the first one is told %v", joined)
	}
	playing := func(w told) bool { return w.Data["isPlaying"] == true }
	first.awaitThat("player", playing)

	tab := run(t, url, file)
	if tab.logs("Joined session").Data["leads"] != true {
		t.Error("the second tab of the leader doesn't lead")
	}
	position := func(w told) float64 { return w.Data["position"].(float64)*1000 - w.At } // ms of the film less the time
	tab.awaitThat("player", playing)
	tab.say(`ask sync_playback {"isPlaying":true,"position":10}`)
	tab.await("acknowledged")
	at10 := func(w told) bool { return playing(w) && w.Data["position"] == 10.0 }
	a, b := first.awaitThat("player", at10), tab.awaitThat("player", at10)
	t.Logf("two tabs: %.1f ms apart", position(a)-position(b))

	device := deviceOf(tab)
	testutil.Check(t, tab.in.Close()) // the page is closed
	first.say("hear device_disconnected")
	again := run(t, url, file)
	if got := again.logs("Joined session").Data; got["leads"] != true || got["userId"] != "user-123" {
		t.Errorf("after a reload the client is told %v", got)
	}
	if got := deviceOf(again); got != device {
		t.Logf("the reload came before the end of the tab was known: device %v, %v before", got, device)
	}

	first.say("cut")
	if back := first.await("connected"); back.Data["recovered"] != true {
		t.Errorf("after the cut the client is told %v", back.Data)
	}
	here := first.awaitThat("player", playing)
	again.say(`ask sync_playback {"isPlaying":true,"position":100}`)
	again.await("acknowledged")
	at100 := func(w told) bool { return playing(w) && w.Data["position"] == 100.0 }
	a, b = first.awaitThat("player", at100), again.awaitThat("player", at100)
	t.Logf("after the cut: at %v, then %.1f ms apart", here.Data["position"], position(a)-position(b))
	for i, c := range []*client{first, again} {
		if c.count("error") != 0 {
			t.Errorf("client %d had an error", i)
		}
	}
}

// deviceOf is the device as which a client joined last.
func deviceOf(c *client) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range slices.Backward(c.seen) {
		if w.Data["deviceId"] != nil {
			return w.Data["deviceId"]
		}
	}
	return nil
}
