package signaling

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/internal/testnet"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// client is a Client that runs until the test ends, and what it was told.
type client struct {
	*Client
	stop  context.CancelFunc
	ended chan error

	mu    sync.Mutex
	heard []Message
}

func (w *world) client(t *testing.T, cfg ClientConfig) *client {
	t.Helper()
	c := &client{ended: make(chan error, 1)}
	cfg.URL, cfg.NetDial = w.URL, w.Dial
	cfg.OnMessage = func(m Message) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.heard = append(c.heard, m)
	}
	var err error
	c.Client, err = Dial(t.Context(), cfg)
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	var running sync.WaitGroup
	running.Go(func() { c.ended <- c.Run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	return c
}

func (c *client) join(t *testing.T, q JoinRequest) session.SessionJoined {
	t.Helper()
	seat, err := c.Join(t.Context(), q)
	must(t, err)
	return seat
}

func TestClientCalls(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c := w.client(t, ClientConfig{OnFrame: func(b []byte) []byte { return append(b, b...) }})
		_, err := c.Call(t.Context(), "heartbeat", nil)
		wantCode(t, err, "not_joined")
		seat := c.join(t, JoinRequest{SessionID: "studio", Offer: "hello"})
		if seat.Answer != "answer to hello" || seat.DeviceID == "" || seat.ResumeToken == "" {
			t.Errorf("joined as %+v", seat)
		}
		_, err = c.Join(t.Context(), JoinRequest{SessionID: "studio"})
		wantCode(t, err, "already_joined")
		_, err = c.Call(t.Context(), "schedule", map[string]any{"name": "flash", "at": 1})
		wantCode(t, err, wire.CodeAtInPast)
		if _, err = c.Call(t.Context(), "schedule", func() {}); err == nil {
			t.Error("a function was sent")
		}
		must(t, c.Send("schedule", ScheduleData{Name: "flash"}))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err = c.Call(ctx, "heartbeat", nil); !errors.Is(err, context.Canceled) {
			t.Errorf("a call that was given up: %v", err)
		}
		synctest.Wait()
		must(t, w.peer(seat.DeviceID).line.SendFrame(make([]byte, 30)))
		synctest.Wait()
		if frames, _, _ := w.peer(seat.DeviceID).Heard(); len(frames) != 1 {
			t.Errorf("%d frames were answered", len(frames))
		}
		c.wantHeard(t, "command")
	})
}

func (c *client) wantHeard(t *testing.T, event string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.heard {
		if m.Event == event {
			return
		}
	}
	t.Errorf("heard nothing of %s, but %v", event, c.heard)
}

// TestClientTakesCallsOfMany calls from many goroutines at once.
func TestClientTakesCallsOfMany(t *testing.T) {
	w := onSockets(t, session.Config{})
	c := w.client(t, ClientConfig{})
	c.join(t, JoinRequest{SessionID: "studio"})
	var calls sync.WaitGroup
	for range 50 {
		calls.Go(func() {
			m, err := c.Call(t.Context(), "heartbeat", nil)
			if err != nil || m.Event != "heartbeat_ack" {
				t.Errorf("answered %s, %v", m.Event, err)
			}
		})
	}
	calls.Wait()
}

// TestClientWithoutFrames: one that takes no clock frames isn't disturbed by them.
func TestClientWithoutFrames(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c := w.client(t, ClientConfig{})
		seat := c.join(t, JoinRequest{SessionID: "studio"})
		synctest.Wait()
		must(t, w.peer(seat.DeviceID).line.SendFrame(make([]byte, 60)))
		_, err := c.Call(t.Context(), "heartbeat", nil)
		must(t, err)
	})
}

// TestClientOfALargeSession: what a client is told may be larger than what it may say.
func TestClientOfALargeSession(t *testing.T) {
	w := onSockets(t, session.Config{})
	avatar := strings.Repeat("x", 1024)
	const users = 100
	for range users {
		_, _, err := w.Sessions.Join(t.Context(), session.JoinRequest{SessionID: "studio", Avatar: avatar}, func(session.Event) {})
		must(t, err)
	}
	c := w.client(t, ClientConfig{})
	if seat := c.join(t, JoinRequest{SessionID: "studio"}); len(seat.Session.Users) != users+1 {
		t.Errorf("there are %d users", len(seat.Session.Users))
	}
}

// TestClientEnds: whoever uses a client that has ended learns why it has.
func TestClientEnds(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c := w.client(t, ClientConfig{})
		seat := c.join(t, JoinRequest{SessionID: "studio"})
		second := w.client(t, ClientConfig{})
		second.join(t, JoinRequest{SessionID: "studio", ResumeToken: seat.ResumeToken})
		wantClosed(t, <-c.ended, wire.CloseReplaced)
		_, err := c.Call(t.Context(), "heartbeat", nil)
		wantEnded(t, err, wire.CloseReplaced)
		wantEnded(t, c.Send("heartbeat", nil), wire.CloseReplaced)
	})
}

// TestClientIsCutOff: a connection that breaks ends the calls that wait.
func TestClientIsCutOff(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c := w.client(t, ClientConfig{})
		seat := c.join(t, JoinRequest{SessionID: "studio"})
		w.peer(seat.DeviceID).OnAccept = func() { time.Sleep(time.Second) }
		waiting := make(chan error, 1)
		go func() {
			_, err := c.Call(t.Context(), "offer", SDP{"again"})
			waiting <- err
		}()
		synctest.Wait()
		must(t, c.conn.ws.NetConn().Close())
		if err := <-waiting; !errors.Is(err, ErrEnded) {
			t.Errorf("the call that waited: %v", err)
		}
		if err := <-c.ended; err == nil {
			t.Error("it ended without an error")
		}
	})
}

// TestClientStops: a client whose context ends says goodbye and returns.
func TestClientStops(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c := w.client(t, ClientConfig{})
		c.join(t, JoinRequest{SessionID: "studio"})
		start := time.Now()
		c.stop()
		if err := <-c.ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("stopping took %v", took)
		}
		wantEnded(t, c.Send("heartbeat", nil), websocket.CloseNormalClosure)
	})
}

func TestClientLeaves(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c := w.client(t, ClientConfig{})
		c.join(t, JoinRequest{SessionID: "studio"})
		must(t, c.Leave(t.Context()))
		wantClosed(t, <-c.ended, wire.CloseLeft)
	})
}

func wantClosed(t *testing.T, err error, code int) {
	t.Helper()
	var e *websocket.CloseError
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("ended with %v, want the code %d", err, code)
	}
}

func wantEnded(t *testing.T, err error, code int) {
	t.Helper()
	if !errors.Is(err, ErrEnded) {
		t.Errorf("got %v, want ErrEnded", err)
	}
	wantClosed(t, err, code)
}

func TestWebSocketURL(t *testing.T) {
	for in, want := range map[string]string{
		"http://192.168.1.20:8080": "ws://192.168.1.20:8080/ws", "https://stage.local/console?x=1#y": "wss://stage.local/console/ws", "https://h/beat/": "wss://h/beat/ws",
		"ws://[::1]:80/": "ws://[::1]:80/ws", "wss://x": "wss://x/ws",
		"": "", "192.168.1.20:8080": "", "stage.local": "", "ftp://x": "", "http://": "", "http://%": "", "://": "",
	} {
		got, err := WebSocketURL(in)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q became %q, %v", in, got, err)
		}
	}
}

func TestDialErrors(t *testing.T) {
	w := onSockets(t, session.Config{})
	if _, err := Dial(t.Context(), ClientConfig{URL: "nowhere"}); err == nil {
		t.Error("connected to nowhere")
	}
	closed := testnet.NewPipes()
	must(t, closed.Close())
	if _, err := Dial(t.Context(), ClientConfig{URL: w.URL, NetDial: closed.Dial}); err == nil {
		t.Error("connected to a closed listener")
	}
}
