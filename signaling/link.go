package signaling

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/plainjson"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// What one connection may send: messages a second, and faulty ones, until it is
// closed. A device that errs now and then may stay for days.
const (
	messageRate  = 200
	messageBurst = 400
	faultRate    = 1
	maxFaults    = 100
	offerEvery   = 3 * time.Second
	offerBurst   = 20
)

// link is one connection's conversation: joining, then requests.
type link struct {
	server *Server
	conn   *conn
	addr   netip.Addr
	limit  *rate.Limiter
	faults *rate.Limiter
	offers *rate.Limiter

	control      *queue[[]byte] // messages of the control channel
	controlBytes atomic.Int64   // how long they are together

	mu        sync.Mutex // orders the requests of the two ways, and guards what follows
	member    *session.Member
	peer      Peer
	left      bool
	unended   bool // its takes have no stop of the server's
	sessionID string
	resumed   bool
	joinedAt  time.Time
	seated    atomic.Bool // what is known of the member is there to be read

	deliver sync.Mutex // guards what follows: events wait until joining is answered
	joined  bool
	waiting []session.Event
}

// run reads until the connection ends, and undoes all that it did.
func (l *link) run() {
	l.limit, l.faults = NewMessageLimit(), NewFaultLimit()
	l.offers = rate.NewLimiter(rate.Every(offerEvery), offerBurst)
	l.control = newQueue[[]byte](queueLen)
	var requests uint64
	ctx, cancel := context.WithCancel(l.server.ctx)
	var peers sync.WaitGroup
	defer peers.Wait()
	defer cancel()
	for {
		kind, b, err := l.conn.read()
		t4 := l.server.cfg.Now()
		if err != nil {
			byServer := l.readFailed(err)
			l.disconnect()
			l.tellLeft(byServer, err)
			return
		}
		if l.conn.closed() {
			continue // it is only waited for the other side to close
		}
		if kind == websocket.BinaryMessage {
			l.frame(b, t4)
			continue
		}
		before := l.peer
		requests++
		l.conn.busy.Store(requests)
		l.handle(ctx, b)
		l.conn.busy.Store(0)
		if before == nil && l.peer != nil {
			peers.Go(func() { l.peer.Run(ctx) })
			peers.Go(func() { l.watchSeat(ctx) })
			peers.Go(func() { l.handleControl(ctx) })
			l.conn.heed()
		}
		l.conn.heard() // a request may have taken long
	}
}

// readFailed closes the connection, and reports whether this server has, for a reason of its own.
func (l *link) readFailed(err error) (byServer bool) {
	switch {
	case l.conn.closed():
		return l.conn.closeCode != websocket.CloseAbnormalClosure
	case errors.Is(err, errTooLarge):
		l.fail(Message{}, &session.Error{Code: wire.CodeMessageTooLarge, Message: "a message may have 64 KiB"})
		l.conn.close(websocket.CloseMessageTooBig, wire.CodeMessageTooLarge)
	case isTimeout(err) && l.peer == nil:
		l.fail(Message{}, &session.Error{Code: wire.CodeJoinTimeout, Message: "no " + wire.JoinSession + " within 5 s"})
		l.conn.end(wire.CloseJoinTimeout)
	default:
		l.conn.close(websocket.CloseNormalClosure, "")
		return false
	}
	return true
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// disconnect marks the device disconnected, unless it has left.
func (l *link) disconnect() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.member == nil || l.left {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	if err := l.member.Disconnect(ctx); err != nil {
		l.server.log.Warn("disconnect_not_noted", "device", l.member.DeviceID(), "err", err)
	}
}

func (l *link) frame(b []byte, t4 clock.SessionTime) {
	if l.peer == nil {
		l.fault(Message{}, &session.Error{Code: wire.CodeNotJoined, Message: "the first message must be " + wire.JoinSession})
		return
	}
	if err := l.peer.HandleFrame(b, t4); err != nil {
		l.fault(Message{}, &session.Error{Code: wire.CodeBadFrame, Message: forDevice("that is no clock frame", err)})
	}
}

// queueControl is called by the peer with a message of the control channel. It
// doesn't wait: a request that closes the channel waits for the caller.
func (l *link) queueControl(b []byte) {
	if l.controlBytes.Add(int64(len(b))) <= queueBytes && l.control.put(bytes.Clone(b)) {
		return
	}
	l.controlBytes.Add(-int64(len(b)))
	l.fault(Message{}, ErrTooMany)
}

func (l *link) handleControl(ctx context.Context) {
	for {
		select {
		case <-l.control.wake:
			if b, ok := l.control.take(); ok {
				l.controlBytes.Add(-int64(len(b)))
				l.handle(ctx, b)
			}
		case <-ctx.Done():
			return
		}
	}
}

// NewMessageLimit returns how many messages one connection may send.
func NewMessageLimit() *rate.Limiter { return rate.NewLimiter(messageRate, messageBurst) }

// NewFaultLimit returns how many of them may be wrong.
func NewFaultLimit() *rate.Limiter { return rate.NewLimiter(faultRate, maxFaults) }

// ErrTooMany is what a message above the limit is answered with.
var ErrTooMany = &session.Error{Code: wire.CodeTooManyMessages, Message: "more than 200 messages a second", Retry: true}

// handle carries one message out, whichever way it came.
func (l *link) handle(ctx context.Context, b []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m, err := ParseMessage(b)
	if !l.limit.Allow() {
		err = ErrTooMany
	}
	if err != nil {
		l.fault(m, err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	joins := l.member == nil
	data, err := l.request(ctx, m)
	if err != nil {
		l.fault(m, err)
		return
	}
	if !joins && (m.ID != 0 || data != nil) {
		l.reply(wire.RequestOf(m.Event).Answer, data, m.ID)
	}
	if l.left {
		l.conn.end(wire.CloseLeft)
	}
}

// request returns the data of the answer; joining has been answered by itself.
func (l *link) request(ctx context.Context, m Message) (data any, err error) {
	if l.member == nil {
		if m.Event != wire.JoinSession {
			return nil, &session.Error{Code: wire.CodeNotJoined, Message: "the first message must be " + wire.JoinSession}
		}
		return nil, l.join(ctx, m)
	}
	h, ok := requests[m.Event]
	if !ok {
		return nil, &session.Error{Code: wire.CodeUnknownEvent, Message: "there is no event of that name"}
	}
	if err := l.allowed(m.Event); err != nil {
		return nil, err
	}
	return h.carry(ctx, l, m.Data)
}

// join joins the session, connects the device, and answers before any event.
func (l *link) join(ctx context.Context, m Message) error {
	var q JoinRequest
	err := plainjson.Decode(m.Data, &q)
	if err == nil {
		err = l.enter(ctx, q, m.ID)
	}
	if err != nil {
		l.server.access.Refused(l.addr, err)
		l.fail(m, err)
		l.conn.end(wire.CloseRefused)
	}
	return nil
}

func (l *link) enter(ctx context.Context, q JoinRequest, id int64) error {
	request, err := l.server.Admit(l.addr, q)
	if err != nil {
		return err
	}
	var peer Peer
	var answer string
	prepare := func(deviceID string) (err error) {
		line := Line{SendFrame: l.conn.sendFrame, OnControl: l.queueControl}
		if q.Exchanges {
			line.OnExchange = l.exchange
		}
		peer = l.server.cfg.OpenPeer(deviceID, line)
		if q.Offer == "" {
			return nil
		}
		if answer, err = peer.Accept(ctx, q.Offer); err != nil {
			return badOffer(err)
		}
		return nil
	}
	member, joined, err := l.server.cfg.Sessions.JoinPrepared(ctx, request, prepare, l.event)
	if err != nil {
		if peer != nil {
			peer.Close()
		}
		return err
	}
	joined.SessionJoined.Answer = answer
	l.tellKeys(&joined.SessionJoined)
	l.member, l.peer, l.sessionID = member, peer, joined.SessionJoined.SessionID
	l.resumed, l.joinedAt = q.ResumeToken != "", time.Now()
	l.seated.Store(true)
	l.server.observe.Joined(l.visit())
	l.admitted(joined, id)
	return nil
}

// endings are the closes of connections whose membership others have ended.
var endings = map[session.Ending]int{
	session.Replaced: wire.CloseReplaced, session.Removed: wire.CloseRemoved, session.Ended: wire.CloseEnded,
}

// watchSeat closes the connection when its device has joined over another one, was removed,
// or its session has ended.
func (l *link) watchSeat(ctx context.Context) {
	select {
	case <-l.member.Done():
		l.mu.Lock()
		defer l.mu.Unlock()
		if !l.left {
			l.conn.end(endings[l.member.Ending()])
		}
	case <-ctx.Done():
	}
}

func badOffer(err error) error {
	return &session.Error{Code: wire.CodeBadOffer, Message: forDevice("the SDP offer can't be answered", err)}
}
