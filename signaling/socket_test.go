package signaling

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/session"
)

// patience bounds how long a test waits for what must come.
const patience = 10 * time.Second

// socket is a bare WebSocket to the server: it sends what a test wants, however wrong.
type socket struct {
	t       testing.TB
	ws      *websocket.Conn
	seat    session.SessionJoined
	in      chan Message
	ended   chan error
	reading sync.WaitGroup
}

// connect opens a wire that reads.
func (w *world) connect(t testing.TB) *socket {
	t.Helper()
	c := w.connectSilent(t)
	c.read()
	return c
}

// connectSilent opens a wire that doesn't read before it is told to.
func (w *world) connectSilent(t testing.TB) *socket {
	t.Helper()
	d := websocket.Dialer{NetDialContext: w.dial, HandshakeTimeout: patience}
	ws, _, err := d.Dial("ws"+strings.TrimPrefix(w.url, "http")+"/ws", nil)
	must(t, err)
	c := &socket{t: t, ws: ws, in: make(chan Message, 4096), ended: make(chan error, 1)}
	t.Cleanup(func() {
		_ = ws.Close()
		c.reading.Wait()
	})
	return c
}

func (c *socket) read() {
	c.reading.Go(func() {
		for {
			kind, b, err := c.ws.ReadMessage()
			if err != nil {
				c.ended <- err
				close(c.in)
				return
			}
			if kind != websocket.TextMessage {
				continue
			}
			m, err := ParseMessage(b)
			if err != nil {
				c.t.Errorf("the server said %q: %v", b, err)
				continue
			}
			checkTold(c.t, m)
			c.in <- m
		}
	})
}

// join joins a session and waits for the answer.
func (w *world) join(t testing.TB, data string) *socket {
	t.Helper()
	c := w.connect(t)
	c.send(message("join_session", data, 1))
	c.joined()
	return c
}

func (c *socket) joined() {
	c.t.Helper()
	must(c.t, c.next("session_joined").Decode(&c.seat))
}

func message(event, data string, id int) string {
	return fmt.Sprintf(`{"event":%q,"data":%s,"id":%d}`, event, data, id)
}

func (c *socket) send(text string) {
	c.t.Helper()
	must(c.t, c.ws.WriteMessage(websocket.TextMessage, []byte(text)))
}

func (c *socket) sendFrame(b []byte) {
	c.t.Helper()
	must(c.t, c.ws.WriteMessage(websocket.BinaryMessage, b))
}

// next returns the next message of an event; the others are dropped.
func (c *socket) next(event string) Message {
	c.t.Helper()
	for {
		if m := c.any(); m.Event == event {
			return m
		}
	}
}

func (c *socket) any() Message {
	c.t.Helper()
	select {
	case m, ok := <-c.in:
		if ok {
			return m
		}
		c.t.Fatalf("the connection ended: %v", <-c.ended)
	case <-time.After(patience):
		c.t.Fatal("nothing came")
	}
	return Message{}
}

// wantError expects an error about an event; it returns the message.
func (c *socket) wantError(code, event string) Message {
	c.t.Helper()
	m := c.next("error")
	var e wireError
	must(c.t, json.Unmarshal(m.Data, &e))
	if e.Code != code || e.Event != event || e.Message == "" {
		c.t.Errorf("error %+v, want code %q about %q", e, code, event)
	}
	return m
}

// wantClose expects the connection to end with a code.
func (c *socket) wantClose(code int) {
	c.t.Helper()
	for range c.in {
	}
	err := <-c.ended
	var e *websocket.CloseError
	if !errors.As(err, &e) || e.Code != code {
		c.t.Errorf("the connection ended with %v, want code %d", err, code)
	}
}

// wantAlive expects an answer to a heartbeat, and nothing of note before it.
func (c *socket) wantAlive() {
	c.t.Helper()
	c.send(message("heartbeat", "null", 999))
	for {
		switch m := c.any(); {
		case m.ReplyTo == 999 && m.Event == "heartbeat_ack":
			return
		case m.Event != "sync_status":
			c.t.Errorf("heard of %s %s", m.Event, m.Data)
		}
	}
}
