package socketio

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/netip"
	"time"

	"golang.org/x/time/rate"

	"github.com/downbeat-sync/downbeat/internal/plainjson"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/wire"
)

// requestTimeout bounds what one request may take of the store.
const requestTimeout = 10 * time.Second

func newID() string { return rand.Text() }

// read takes over what auth has; what it hasn't stays as the query had it.
func (c *credentials) read(auth json.RawMessage) {
	var brought credentials
	if json.Unmarshal(auth, &brought) != nil {
		return // another's auth: it isn't for this server
	}
	c.Key, c.Token = cmp.Or(brought.Key, c.Key), cmp.Or(brought.Token, c.Token)
	c.PID, c.Offset = brought.PID, brought.Offset
}

// guest is a client in the main namespace: it may join a session, leave it and join another one.
type guest struct {
	server   *Server
	conn     *conn
	addr     netip.Addr
	auth     credentials
	faults   *rate.Limiter
	joins    *rate.Limiter
	pid, sid string
	seat     *seat      // nil before it has joined; the handler's own
	clock    *measuring // nil unless its clock is measured; the handler's own
	missed   [][]byte
}

// entered tells a client that has come back what it missed.
func (g *guest) entered() {
	if g.seat == nil {
		return
	}
	for _, text := range g.missed {
		g.conn.emit(mainNamespace, text, nil)
	}
	g.missed = nil
	g.seat.begin(nil)
}

// event carries a request out, or takes a clock frame.
func (g *guest) event(e event, ack func(json.RawMessage, [][]byte)) {
	var answer any
	var err error
	if e.name == clockFrame {
		err = g.frame(e)
	} else {
		answer, err = g.request(e)
	}
	if ack != nil {
		ack(acknowledgement(answer, err), nil)
	}
	if err == nil {
		if name := wire.RequestOf(e.name).Answer; answer != nil && e.name != wire.JoinSession && !silent[name] {
			g.say(name, answer)
		}
		return
	}
	said := signaling.ErrorOf(err)
	if said.Code == wire.CodeInternal {
		g.server.log.Error("request_failed", "event", e.name, "err", err)
	}
	g.tellRefused(said.Code)
	if ack == nil && !(e.name == wire.StopRecording && said.Code == wire.CodeNotRecording) { // its take is over: that is what it wants
		g.say(wire.Error, signaling.ErrorData{Message: said.Message, Code: said.Code, Event: e.name, Retry: said.Retry})
	}
	if e.name != wire.JoinSession && !g.faults.Allow() {
		g.conn.Close("abuse")
	}
}

// request returns the data of the answer, nil for none.
func (g *guest) request(e event) (answer any, err error) {
	if !g.conn.limit.Allow() {
		return nil, signaling.ErrTooMany
	}
	var data json.RawMessage
	if len(e.args) > 0 {
		if data, err = asText(e.args[0], e.parts); err != nil {
			return nil, &session.Error{Code: wire.CodeBadMessage, Message: "a binary part is missing"}
		}
	}
	switch {
	case e.name == wire.JoinSession:
		return g.join(data)
	case g.seat == nil && e.name == wire.Heartbeat:
		return signaling.HeartbeatAck{Timestamp: g.server.cfg.Now()}, nil
	case g.seat == nil:
		return nil, notJoined
	}
	answer, err = g.seat.caller.Request(g.server.ctx, e.name, data)
	if g.seat.caller.HasLeft() {
		g.drop()
	}
	return answer, err
}

// join joins a session, and leaves the one that the client is in.
func (g *guest) join(data json.RawMessage) (any, error) {
	var q signaling.JoinRequest
	if err := plainjson.Decode(data, &q); err != nil {
		return nil, err
	}
	if !g.joins.Allow() {
		return nil, tooManyJoin
	}
	q.Key, q.Token = cmp.Or(q.Key, g.auth.Key), cmp.Or(q.Token, g.auth.Token)
	ctx, cancel := context.WithTimeout(g.server.ctx, requestTimeout)
	defer cancel()
	s, joined, err := g.enter(ctx, q)
	if err != nil {
		g.server.cfg.Signaling.Refused(g.addr, err)
		return nil, err
	}
	s.begin(func() {
		g.say(wire.SessionJoined, joined.SessionJoined)
		if joined.JoinedSession != nil {
			g.say(wire.JoinedSession, joined.JoinedSession)
		}
		if own, ok := ownDevice(joined.SessionJoined, g.server.cfg.Now()); ok {
			g.say(wire.DeviceJoined, own)
		}
	})
	return joined.SessionJoined, nil
}

// enter takes a seat.
func (g *guest) enter(ctx context.Context, q signaling.JoinRequest) (*seat, session.Joined, error) {
	request, err := g.server.cfg.Signaling.Admit(g.addr, q)
	if err != nil {
		return nil, session.Joined{}, err
	}
	request.ByName, request.NoClock = request.UserID != "", true
	request.DirectsTakes = request.DeviceType != "" && request.UserID == "" // of clients that know no leader
	g.leave(ctx)
	s := &seat{server: g.server, conn: g.conn, request: q, pid: g.pid, sid: g.sid}
	member, joined, err := g.server.cfg.Sessions.Join(ctx, request, s.event)
	if err != nil {
		return nil, joined, err
	}
	s.member, s.request.ResumeToken = member, joined.SessionJoined.ResumeToken
	s.caller = g.server.cfg.Signaling.NewCaller(member, g.addr, &joined.SessionJoined)
	s.visit = signaling.Visit{
		SessionID: member.SessionID(), UserID: member.UserID(), DeviceID: member.DeviceID(), Role: member.Role(), Addr: g.addr,
		Resumed: q.ResumeToken != "",
	}
	s.since = time.Now()
	g.seat = s
	g.server.take(s)
	g.server.cfg.Observe.Joined(s.visit)
	return s, joined, nil
}

// leave leaves the session, if the client is in one.
func (g *guest) leave(ctx context.Context) {
	if g.seat == nil {
		return
	}
	if err := g.seat.member.Leave(ctx); err != nil {
		g.server.log.Warn("disconnect_not_noted", "device", g.seat.member.DeviceID(), "err", err)
	}
	g.drop()
}

// drop forgets a seat that was left.
func (g *guest) drop() {
	g.unmeasure()
	g.server.give(g.seat)
	g.seat.end("left")
	g.seat = nil
}

// left is told when the client has gone: for good, or to come back.
func (g *guest) left(byClient bool, reason string) {
	if g.seat == nil {
		return
	}
	g.unmeasure()
	s := g.seat
	g.seat = nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(g.server.ctx), requestTimeout)
	defer cancel()
	if err := s.away(ctx, !byClient && reason != "shutdown"); err != nil {
		g.server.log.Warn("disconnect_not_noted", "device", s.member.DeviceID(), "err", err)
	}
	s.end(reason)
}

// say sends an event that is this client's alone.
func (g *guest) say(name string, data any) {
	if b, err := arguments(name, data); err == nil {
		g.conn.emit(mainNamespace, append(b, ']'), nil)
	}
}

// tellRefused passes on that the client gets an error.
func (g *guest) tellRefused(code string) {
	r := signaling.Refusal{Code: code, Via: "socket.io", Addr: g.addr}
	if g.seat != nil {
		r.SessionID, r.DeviceID = g.seat.visit.SessionID, g.seat.visit.DeviceID
	}
	g.server.cfg.Observe.Refused(r)
}

// acknowledgement is what an event is acknowledged with.
func acknowledgement(answer any, err error) json.RawMessage {
	var said struct {
		Success bool                 `json:"success"`
		Data    any                  `json:"data,omitempty"`
		Error   *signaling.ErrorData `json:"error,omitempty"`
	}
	if said.Success, said.Data = err == nil, answer; err != nil {
		e := signaling.ErrorOf(err)
		said.Error = &signaling.ErrorData{Message: e.Message, Code: e.Code, Retry: e.Retry}
	}
	b, _ := plainjson.Marshal([]any{said})
	return b
}
