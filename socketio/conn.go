package socketio

import (
	"encoding/json"
	"time"

	"golang.org/x/time/rate"

	"github.com/downbeat-sync/downbeat/internal/engineio"
	"github.com/downbeat-sync/downbeat/internal/plainjson"
	"github.com/downbeat-sync/downbeat/signaling"
)

// app is what serves namespaces.
type app interface {
	// connect enters a namespace with the auth that the client brought; its error is told to the
	// client. reply is the data of the answer.
	connect(c *conn, namespace string, auth json.RawMessage) (in space, reply any, err error)
}

// space is a client in a namespace. Its methods are called one at a time.
type space interface {
	entered() // the client has been told
	// event carries an event out. ack is nil where none is wanted.
	event(e event, ack func(args json.RawMessage, parts [][]byte))
	// left: the client has left the namespace (byClient), or its connection has ended.
	left(byClient bool, reason string)
}

// event is one that a client sent.
type event struct {
	name  string
	args  []json.RawMessage // without the name
	parts [][]byte          // binary ones, for which the arguments have placeholders
}

// conn is a client's connection, with the namespaces that it is in.
type conn struct {
	*engineio.Socket
	app     app
	limit   *rate.Limiter
	connect *time.Timer // ends it unless a namespace is entered before

	spaces  map[string]space // its handler's own
	partial packet           // whose parts are still to come; its handler's own
	parts   [][]byte
	size    int // of the parts
}

// newConn returns the handler of a socket, which is closed if it enters no namespace within a time.
func newConn(s *engineio.Socket, app app, within time.Duration) *conn {
	c := &conn{Socket: s, app: app, limit: signaling.NewMessageLimit(), spaces: map[string]space{}}
	c.connect = time.AfterFunc(within, func() { s.Close("connect_timeout") })
	return c
}

// Message takes a packet, or a part of one.
func (c *conn) Message(b []byte, binary bool) {
	switch awaited := c.partial.parts - len(c.parts); {
	case binary && awaited == 0, !binary && awaited > 0:
		c.Close("parse_error")
	case binary:
		c.size += len(b)
		if c.parts = append(c.parts, b); c.size > maxMessage {
			c.Close("too_large")
			return
		}
		if awaited == 1 {
			p, parts := c.partial, c.parts
			c.partial, c.parts, c.size = packet{}, nil, 0
			c.take(p, parts)
		}
	default:
		p, err := parsePacket(b)
		switch {
		case err != nil:
			c.Close("parse_error")
		case p.parts > 0:
			c.partial = p
		default:
			c.take(p, nil)
		}
	}
}

func (c *conn) take(p packet, parts [][]byte) {
	if p.kind != kindEvent && p.kind != kindBinaryEvent && !c.limit.Allow() {
		c.Close("abuse")
		return
	}
	if p.kind == kindConnect {
		c.enter(p)
		return
	}
	in := c.spaces[p.namespace]
	if in == nil {
		c.Close("parse_error") // it isn't there
		return
	}
	args, _ := p.args()
	switch p.kind {
	case kindDisconnect:
		delete(c.spaces, p.namespace)
		in.left(true, "client_left")
		if len(c.spaces) == 0 {
			c.connect.Reset(connectTime)
		}
	case kindEvent, kindBinaryEvent:
		var name string
		_ = json.Unmarshal(args[0], &name) // sound has read it before
		in.event(event{name, args[1:], parts}, c.acknowledger(p))
	case kindAck, kindBinaryAck: // nothing that is sent asks for one
	}
}

// acknowledger answers an event; nil where that isn't wanted.
func (c *conn) acknowledger(p packet) func(args json.RawMessage, parts [][]byte) {
	if p.id == nil {
		return nil
	}
	return func(args json.RawMessage, parts [][]byte) {
		c.send(packet{kind: kindAck, namespace: p.namespace, id: p.id, data: args}, parts)
	}
}

// enter enters a namespace. Who is there already doesn't know what it does.
func (c *conn) enter(p packet) {
	if c.spaces[p.namespace] != nil {
		c.Close("parse_error")
		return
	}
	in, reply, err := c.app.connect(c, p.namespace, p.data)
	if err != nil {
		data, _ := plainjson.Marshal(refusalOf(err))
		c.send(packet{kind: kindConnectError, namespace: p.namespace, data: data}, nil)
		return
	}
	c.connect.Stop()
	c.spaces[p.namespace] = in
	data, _ := plainjson.Marshal(reply)
	c.send(packet{kind: kindConnect, namespace: p.namespace, data: data}, nil)
	in.entered()
}

// emit sends an event. args is the array of its name and arguments.
func (c *conn) emit(namespace string, args json.RawMessage, parts [][]byte) {
	c.send(packet{kind: kindEvent, namespace: namespace, data: args}, parts)
}

func (c *conn) send(p packet, parts [][]byte) {
	if len(parts) > 0 {
		p.kind, p.parts = p.kind+kindBinaryEvent-kindEvent, len(parts)
	}
	c.Send(p.append(nil), parts...)
}

// Closed is told by the socket, last of all.
func (c *conn) Closed(reason string) {
	c.connect.Stop()
	for _, in := range c.spaces {
		in.left(false, reason)
	}
}

// refusal is the data of a refused connection.
type refusal struct {
	Message string        `json:"message"`
	Data    *refusalExtra `json:"data,omitempty"`
}

// refusalExtra tells programs why.
type refusalExtra struct {
	Code  string `json:"code"`
	Retry bool   `json:"retry"`
}
