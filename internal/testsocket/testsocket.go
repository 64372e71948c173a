// Package testsocket is a bare WebSocket to a server under test, and a device's measuring half that
// only pretends.
package testsocket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// Message is one JSON object on the wire.
type Message struct {
	Event   string
	Data    json.RawMessage
	ReplyTo int64
}

// Decode reads the message's data into v.
func (m Message) Decode(v any) error { return json.Unmarshal(m.Data, v) }

// Refusal is the data of an error event.
type Refusal struct {
	Message, Code, Event string
	Retry                bool
}

// patience bounds how long a test waits for what must come.
const patience = 10 * time.Second

// longest bounds that wait where messages of other kinds come all the time.
const longest = 5 * time.Minute

// Socket is a bare WebSocket to the server: it sends what a test wants, however wrong.
type Socket struct {
	T       testing.TB
	WS      *websocket.Conn
	Seat    session.SessionJoined
	In      chan Message
	Ended   chan error
	check   func(testing.TB, Message)
	reading sync.WaitGroup
}

// Dial opens a socket to a server's URL that doesn't read before it is told to. check is called with
// each message, nil for nobody.
func Dial(t testing.TB, url string, dial func(ctx context.Context, network, addr string) (net.Conn, error), check func(testing.TB, Message)) *Socket {
	t.Helper()
	d := websocket.Dialer{NetDialContext: dial, HandshakeTimeout: patience}
	ws, _, err := d.Dial("ws"+strings.TrimPrefix(url, "http")+"/ws", nil)
	must(t, err)
	c := &Socket{T: t, WS: ws, In: make(chan Message, 4096), Ended: make(chan error, 1), check: check}
	t.Cleanup(func() {
		_ = ws.Close()
		c.reading.Wait()
	})
	return c
}

// Read reads on until the connection ends.
func (c *Socket) Read() {
	c.reading.Go(func() {
		for {
			kind, b, err := c.WS.ReadMessage()
			if err != nil {
				c.Ended <- err
				close(c.In)
				return
			}
			if kind != websocket.TextMessage {
				continue
			}
			var m Message
			if err := json.Unmarshal(b, &m); err != nil || m.Event == "" {
				c.T.Errorf("the server said %q: %v", b, err)
				continue
			}
			if c.check != nil {
				c.check(c.T, m)
			}
			c.In <- m
		}
	})
}

// Join joins a session and waits for the answer.
func (c *Socket) Join(data string) *Socket {
	c.T.Helper()
	c.Send(Text(wire.JoinSession, data, 1))
	c.Joined()
	return c
}

// Joined waits for session_joined.
func (c *Socket) Joined() {
	c.T.Helper()
	must(c.T, c.Next(wire.SessionJoined).Decode(&c.Seat))
}

// Text is a request as it is sent.
func Text(event, data string, id int) string {
	return fmt.Sprintf(`{"event":%q,"data":%s,"id":%d}`, event, data, id)
}

// Send sends a text.
func (c *Socket) Send(text string) {
	c.T.Helper()
	must(c.T, c.WS.WriteMessage(websocket.TextMessage, []byte(text)))
}

// SendFrame sends a clock frame.
func (c *Socket) SendFrame(b []byte) {
	c.T.Helper()
	must(c.T, c.WS.WriteMessage(websocket.BinaryMessage, b))
}

// Next returns the next message of an event; the others are dropped.
func (c *Socket) Next(event string) Message {
	c.T.Helper()
	for deadline := time.Now().Add(longest); time.Now().Before(deadline); {
		if m := c.Any(); m.Event == event {
			return m
		}
	}
	c.T.Fatalf("no %s in %v, only other messages", event, longest)
	return Message{}
}

// Any returns the next message.
func (c *Socket) Any() Message {
	c.T.Helper()
	select {
	case m, ok := <-c.In:
		if ok {
			return m
		}
		c.T.Fatalf("the connection ended: %v", <-c.Ended)
	case <-time.After(patience):
		c.T.Fatal("nothing came")
	}
	return Message{}
}

// WantError expects an error about an event; it returns the message.
func (c *Socket) WantError(code, event string) Message {
	c.T.Helper()
	m := c.Next(wire.Error)
	var e Refusal
	must(c.T, json.Unmarshal(m.Data, &e))
	if e.Code != code || e.Event != event || e.Message == "" {
		c.T.Errorf("error %+v, want code %q about %q", e, code, event)
	}
	return m
}

// WantClose expects the connection to end with a code.
func (c *Socket) WantClose(code int) {
	c.T.Helper()
	deadline := time.After(longest)
	for open := true; open; {
		select {
		case _, open = <-c.In:
		case <-deadline:
			c.T.Fatalf("the connection is still open after %v, want code %d", longest, code)
		}
	}
	err := <-c.Ended
	var e *websocket.CloseError
	if !errors.As(err, &e) || e.Code != code {
		c.T.Errorf("the connection ended with %v, want code %d", err, code)
	}
}

// WantAlive expects an answer to a heartbeat, and nothing of note before it.
func (c *Socket) WantAlive() {
	c.T.Helper()
	c.Send(Text(wire.Heartbeat, "null", 999))
	for {
		switch m := c.Any(); {
		case m.ReplyTo == 999 && m.Event == wire.HeartbeatAck:
			return
		case m.Event != wire.SyncStatus:
			c.T.Errorf("heard of %s %s", m.Event, m.Data)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
