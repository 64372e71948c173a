package engineio

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/internal/testnet"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

func TestMain(m *testing.M) { testutil.Main(m) }

// world is a server in a bubble, and what its latest socket brought.
type world struct {
	t      *testing.T
	pipes  *testnet.Pipes
	server *Server
	client *http.Client

	mu     sync.Mutex
	socket *Socket
	reason string
	at     time.Time
	got    bytes.Buffer
}

func (w *world) Message(b []byte, _ bool) { w.got.Write(b) }

func (w *world) Closed(reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reason, w.at = reason, time.Now()
}

func (w *world) ended() (string, time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reason, w.at
}

func inBubble(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, pipes: testnet.NewPipes()}
		w.server = New(Config{PingEvery: 5 * time.Second, Open: func(s *Socket, _ *http.Request) Handler { w.socket = s; return w }})
		w.client = &http.Client{Transport: &http.Transport{DialContext: w.pipes.Dial, DisableKeepAlives: true}}
		h := &http.Server{Handler: w.server}
		served := make(chan struct{})
		go func() { defer close(served); _ = h.Serve(w.pipes) }()
		test(w)
		w.server.Close()
		_ = h.Close()
		<-served
		time.Sleep(time.Second) // refused bodies linger
		synctest.Wait()
	})
}

// ask returns the status and the body of an answer.
func (w *world) ask(method, query, body string) (int, string) {
	w.t.Helper()
	r, err := http.NewRequest(method, "http://127.0.0.1/socket.io/?"+query, strings.NewReader(body))
	testutil.Check(w.t, err)
	res, err := w.client.Do(r)
	testutil.Check(w.t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	testutil.Check(w.t, err)
	return res.StatusCode, string(b)
}

// TestNeverPolls: a client that opens and never polls is gone when its first ping is overdue, whatever it posts.
func TestNeverPolls(t *testing.T) {
	inBubble(t, func(w *world) {
		began := time.Now()
		if status, body := w.ask("GET", "EIO=4&transport=polling", ""); status != 200 || !strings.HasPrefix(body, "0{") {
			t.Fatal(status, body)
		}
		for range 8 {
			time.Sleep(3 * time.Second)
			if status, _ := w.ask("POST", "EIO=4&transport=polling&sid="+w.socket.ID(), "3"); status != 200 {
				t.Fatal(status, "after", time.Since(began))
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if reason, at := w.ended(); reason != "ping_timeout" || at.Sub(began) != 25*time.Second {
			t.Errorf("it ended with %q after %v", reason, at.Sub(began))
		}
		if w.server.Len() != 0 {
			t.Error("it is still there")
		}
	})
}

// TestRefused: each request that can't be has Engine.IO's own answer.
func TestRefused(t *testing.T) {
	inBubble(t, func(w *world) {
		for query, code := range map[string]string{
			"EIO=3&transport=polling": `"code":5`, "transport=polling": `"code":5`, "EIO=4": `"code":0`, "EIO=4&transport=flash": `"code":0`,
			"EIO=4&transport=polling&sid=nobody": `"code":1`, "EIO=4&transport=websocket": `"code":3`,
		} {
			if status, body := w.ask("GET", query, ""); status != 400 || !strings.Contains(body, code) {
				t.Errorf("%s: %d %s", query, status, body)
			}
		}
		w.ask("GET", "EIO=4&transport=polling", "")
		if status, _ := w.ask("POST", "EIO=4&transport=polling&sid="+w.socket.ID(), strings.Repeat("4", 64<<10+1)); status != http.StatusRequestEntityTooLarge {
			t.Errorf("a large POST: %d", status)
		}
		synctest.Wait()
		if reason, _ := w.ended(); reason != "too_large" {
			t.Errorf("it ended with %q", reason)
		}
	})
}

// TestSlowReader: a WebSocket that nobody reads is closed at the bound, not later.
func TestSlowReader(t *testing.T) {
	inBubble(t, func(w *world) {
		d := websocket.Dialer{NetDialContext: func(ctx context.Context, n, a string) (net.Conn, error) { return w.pipes.Dial(ctx, n, a) }}
		ws, _, err := d.Dial("ws://127.0.0.1/socket.io/?EIO=4&transport=websocket", nil)
		testutil.Check(t, err)
		synctest.Wait()
		defer ws.Close()
		sent := 0
		for sent < 2*queueLen {
			w.socket.Send([]byte("x"))
			sent++
			synctest.Wait()
			if reason, _ := w.ended(); reason != "" {
				break
			}
		}
		if reason, _ := w.ended(); reason != SlowReader || sent > queueLen+2 {
			t.Errorf("after %d messages: %q", sent, reason)
		}
	})
}

// TestRTT: the round trip is that of the pings, and what is asked of one is told with its times.
func TestRTT(t *testing.T) {
	inBubble(t, func(w *world) {
		d := websocket.Dialer{NetDialContext: w.pipes.Dial}
		ws, _, err := d.Dial("ws://127.0.0.1/socket.io/?EIO=4&transport=websocket", nil)
		testutil.Check(t, err)
		synctest.Wait()
		read := make(chan struct{})
		go func() {
			defer close(read)
			for {
				_, b, err := ws.ReadMessage()
				if err != nil {
					return
				}
				if string(b) == "2" {
					time.Sleep(40 * time.Millisecond)
					_ = ws.WriteMessage(websocket.TextMessage, []byte("3"))
				}
			}
		}()
		took := make(chan time.Duration, 1)
		w.socket.Ping(func(sent, heard time.Time) { took <- heard.Sub(sent) })
		if rtt, want := <-took, 40*time.Millisecond; rtt != want {
			t.Errorf("a ping took %v", rtt)
		}
		if least, spread, known := w.socket.RTT(); least != 40*time.Millisecond || spread != 0 || !known {
			t.Error(least, spread, known)
		}
		time.Sleep(time.Minute) // it is pinged all the time, and stays
		if reason, _ := w.ended(); reason != "" {
			t.Errorf("it ended: %s", reason)
		}
		_ = ws.Close()
		<-read
	})
}

// FuzzPayload: whatever comes, a socket takes it or is closed.
func FuzzPayload(f *testing.F) {
	for _, s := range []string{"4hello", "4a\x1e4b", "bAQIDBA==", "b!", "", "1", "3", "\x1e", "9", "2probe"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		w := &world{t: t}
		s := &Socket{server: New(Config{}), handler: w, wake: make(chan struct{}, 1), done: make(chan struct{})}
		s.unpack(b, time.Now())
		if w.got.Len() > len(b) {
			t.Errorf("%d bytes became %d", len(b), w.got.Len())
		}
	})
}
