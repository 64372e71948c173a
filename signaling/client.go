package signaling

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/internal/plainjson"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// ClientConfig sets a Client up; URL is required.
type ClientConfig struct {
	URL string // of the server: http, https, ws or wss
	// NetDial makes the connection; nil: the machine's network.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)
	// TLS sets wss up; nil: the system's authorities.
	TLS *tls.Config
	// OnFrame answers a clock frame, nil for none. It is called by Run at once
	// after the frame was read.
	OnFrame func(frame []byte) (answer []byte)
	// OnMessage gets every message that answers no Call, in order.
	OnMessage func(Message)
}

// Client is the device's half of a connection: what a Go program uses to join
// a session. Its methods are safe for concurrent use.
type Client struct {
	cfg  ClientConfig
	conn *conn

	mu    sync.Mutex
	next  int64
	calls map[int64]chan Message
	err   error // why it ended
}

// ErrEnded says that the connection has ended.
var ErrEnded = errors.New("signaling: the connection has ended")

// Dial connects to a server's WebSocket. The client does nothing until Run.
func Dial(ctx context.Context, cfg ClientConfig) (*Client, error) {
	u, err := WebSocketURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	d := websocket.Dialer{NetDialContext: cfg.NetDial, TLSClientConfig: cfg.TLS, HandshakeTimeout: joinTimeout}
	ws, resp, err := d.DialContext(ctx, u, nil)
	if err != nil {
		if resp != nil {
			return nil, fmt.Errorf("connecting to %s: %w (%s)", u, err, resp.Status)
		}
		return nil, fmt.Errorf("connecting to %s: %w", u, err)
	}
	return &Client{cfg: cfg, conn: newConn(ws, maxAnswer), calls: map[int64]chan Message{}}, nil
}

// WebSocketURL returns where the WebSocket of a server is. It fails for what is no server's URL.
func WebSocketURL(server string) (string, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("%q is no server's URL, such as http://192.168.1.20:8080", server)
	}
	switch u.Scheme {
	case "http", "ws":
		u.Scheme = "ws"
	case "https", "wss":
		u.Scheme = "wss"
	default:
		return "", fmt.Errorf("%q: the URL of a server begins with http or https", server)
	}
	u.RawQuery, u.Fragment = "", ""
	return u.JoinPath("ws").String(), nil
}

// Run reads and writes until ctx ends or the connection does, and returns why.
// A *websocket.CloseError has the server's code.
func (c *Client) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { c.conn.close(websocket.CloseNormalClosure, "") })
	defer stop()
	written := make(chan struct{})
	go func() { defer close(written); c.conn.writeLoop() }()
	c.conn.heed()
	err := c.readLoop()
	c.conn.close(websocket.CloseNormalClosure, "")
	<-written
	c.end(err)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (c *Client) readLoop() error {
	for {
		kind, b, err := c.conn.read()
		if err != nil {
			return err
		}
		if kind == websocket.BinaryMessage {
			c.answer(b)
			continue
		}
		if m, err := ParseMessage(b); err == nil {
			c.take(m)
		}
	}
}

// answer answers a clock frame; one that can't be sent at once is dropped.
func (c *Client) answer(frame []byte) {
	if c.cfg.OnFrame == nil {
		return
	}
	if b := c.cfg.OnFrame(frame); b != nil {
		_ = c.conn.sendFrame(b)
	}
}

func (c *Client) take(m Message) {
	if m.ReplyTo != 0 {
		c.mu.Lock()
		waiting := c.calls[m.ReplyTo]
		delete(c.calls, m.ReplyTo)
		c.mu.Unlock()
		if waiting != nil {
			waiting <- m
			return
		}
	}
	if c.cfg.OnMessage != nil {
		c.cfg.OnMessage(m)
	}
}

func (c *Client) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = fmt.Errorf("%w: %w", ErrEnded, err)
	for id, waiting := range c.calls {
		close(waiting)
		delete(c.calls, id)
	}
}

// Send sends an event that needs no answer.
func (c *Client) Send(event string, data any) error {
	b, err := encodeRequest(event, data, 0)
	if err != nil {
		return err
	}
	c.mu.Lock()
	err = c.err
	c.mu.Unlock()
	if err == nil {
		c.conn.send(session.Whole(b))
	}
	return err
}

// Call sends a request and returns its answer. An error that the server
// answers with is a *session.Error.
func (c *Client) Call(ctx context.Context, event string, data any) (Message, error) {
	if ctx.Err() != nil {
		return Message{}, ctx.Err()
	}
	waiting := make(chan Message, 1)
	id, err := c.expect(waiting)
	if err != nil {
		return Message{}, err
	}
	defer c.forget(id)
	b, err := encodeRequest(event, data, id)
	if err != nil {
		return Message{}, err
	}
	c.conn.send(session.Whole(b))
	select {
	case m, ok := <-waiting:
		if !ok {
			return Message{}, c.ended()
		}
		return m, asError(m)
	case <-ctx.Done():
		return Message{}, ctx.Err()
	}
}

func (c *Client) expect(waiting chan Message) (id int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, c.err
	}
	c.next++
	c.calls[c.next] = waiting
	return c.next, nil
}

func (c *Client) forget(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.calls, id)
}

func (c *Client) ended() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func encodeRequest(event string, data any, id int64) ([]byte, error) {
	return plainjson.Marshal(struct {
		Event string `json:"event"`
		Data  any    `json:"data,omitempty"`
		ID    int64  `json:"id,omitempty"`
	}{event, data, id})
}

// asError turns an error event into a *session.Error.
func asError(m Message) error {
	if m.Event != wire.Error {
		return nil
	}
	var e ErrorData
	if err := json.Unmarshal(m.Data, &e); err != nil {
		return badMessage("the server's error can't be read: %v", err)
	}
	return &session.Error{Code: e.Code, Message: e.Message, Retry: e.Retry}
}

// Join joins a session; Run must be running.
func (c *Client) Join(ctx context.Context, q JoinRequest) (session.SessionJoined, error) {
	m, err := c.Call(ctx, wire.JoinSession, q)
	if err != nil {
		return session.SessionJoined{}, err
	}
	var joined session.SessionJoined
	if err := json.Unmarshal(m.Data, &joined); err != nil {
		return joined, badMessage("session_joined can't be read: %v", err)
	}
	return joined, nil
}

// Leave leaves the session for good, if the connection still allows it.
func (c *Client) Leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := c.Call(ctx, wire.LeaveSession, nil)
	return err
}
