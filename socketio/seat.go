package socketio

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/plainjson"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/wire"
)

const (
	// recoverWithin is how long what happens is kept for a client whose connection was lost.
	recoverWithin = 2 * time.Minute
	// seatWithin is how long its seat is kept.
	seatWithin = time.Hour
	// maxAway is how many clients that are away are remembered.
	maxAway = 10_000
	// kept and keptBytes bound what is kept of the events that a client was sent.
	kept      = 128
	keptBytes = 64 << 10
	// behind is by how much the timestamp that a client is told lies before the instant at which it
	// hears a command: the client waits by its own clock for what lies ahead, and that may be wrong.
	behind = 2 * time.Second
)

// seat is one membership of a client, and what it is told.
type seat struct {
	server   *Server
	conn     *conn
	pid, sid string
	request  signaling.JoinRequest // that takes it again
	member   *session.Member
	caller   *signaling.Caller
	visit    signaling.Visit
	since    time.Time
	unlinger func() // guarded by Server.mu; nil unless the client is away
	expiry   *time.Timer

	mu      sync.Mutex
	begun   bool            // the client knows that it has joined
	waiting []session.Event // until then
	gone    bool            // the client is away: nothing is sent
	held    []act           // the next one first
	timer   *time.Timer     // of the first
	offset  uint64
	log     []logged
	bytes   int  // of the log
	lost    bool // the log lacks something
}

// act is a command that is held back until it is due.
type act struct {
	id   string
	at   clock.SessionTime
	text []byte
	due  time.Time
}

// logged is an event that was sent, or is to be.
type logged struct {
	offset uint64
	text   []byte // arguments, open at the end
	act    bool   // a command: it comes again by itself, if it isn't too late
}

// begin tells what joining is answered with, and lets the events go that came meanwhile.
func (s *seat) begin(answer func()) {
	s.mu.Lock()
	if answer != nil {
		answer()
	}
	s.begun = true
	for _, e := range s.waiting {
		s.pass(e)
	}
	s.waiting = nil
	s.mu.Unlock()
	s.catchUp()
	s.measure(4)
	s.server.aside(s.watch)
}

// measure learns the round trip by some pings, one after the other.
func (s *seat) measure(n int) {
	if n > 0 {
		s.conn.Ping(func(time.Time, time.Time) { s.measure(n - 1) })
	}
}

// catchUp tells where the medium is now: this client does what it hears, and follows no timeline.
func (s *seat) catchUp() {
	half := s.halfTrip()
	p, ok := s.member.Playing(s.server.cfg.Now().Add(half))
	if !ok {
		return
	}
	text, err := arguments(wire.PlaybackSync, lowered(p))
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.emit(text, false, nil)
	}
}

func (s *seat) halfTrip() time.Duration {
	least, _, _ := s.conn.RTT()
	return least / 2
}

// event is called by the session, in order. It returns at once.
func (s *seat) event(e session.Event) {
	if silent[e.Name] || e.Source != "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.begun {
		s.waiting = append(s.waiting, e)
		return
	}
	s.pass(e)
}

// pass sends an event, a command at its instant. s.mu is held.
func (s *seat) pass(e session.Event) {
	text, err := e.Encoded(session.ForSocketIO, encodeEvent)
	if err != nil {
		s.server.log.Error("event_not_encoded", "event", e.Name, "err", err)
		return
	}
	if c, ok := e.Data.(session.Cancelled); ok && s.calledOff(c.CommandID) {
		return
	}
	id, at, isAct := actOf(e.Data)
	switch {
	case !isAct:
		s.emit(text, false, nil)
	case !s.gone: // else it comes again with the client
		s.hold(act{id: id, at: at, text: text})
	}
}

// calledOff takes a command off that is held back, and reports whether it was there. s.mu is held.
func (s *seat) calledOff(id string) bool {
	i := slices.IndexFunc(s.held, func(a act) bool { return a.id == id })
	if i < 0 {
		return false
	}
	s.held = slices.Delete(s.held, i, i+1)
	return true
}

// hold keeps a command until it is to be sent in order to arrive at its instant. s.mu is held.
func (s *seat) hold(a act) {
	ahead := a.at.Sub(s.server.cfg.Now())
	a.due = time.Now().Add(ahead - s.halfTrip())
	i, _ := slices.BinarySearchFunc(s.held, a, func(x, y act) int {
		if x.due.After(y.due) {
			return 1
		}
		return -1 // behind those that are due at the same time
	})
	s.held = slices.Insert(s.held, i, a)
	s.server.aside(func() {
		ctx, cancel := context.WithTimeout(s.server.ctx, requestTimeout)
		defer cancel()
		_ = s.member.Armed(ctx, a.id) // it may be called off by now
	})
	if ahead > 0 {
		s.conn.Ping(nil) // so that the round trip is that of now
	}
	s.release()
}

// release sends what is due, and sets the timer for the next. s.mu is held.
func (s *seat) release() {
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	for len(s.held) > 0 && !time.Now().Before(s.held[0].due) {
		a := s.held[0]
		s.held = s.held[1:]
		s.emit(a.text, true, func(from, heard time.Time) { s.heard(a.id, from, heard) })
	}
	if len(s.held) > 0 {
		s.timer = time.AfterFunc(time.Until(s.held[0].due), func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.release()
		})
	}
}

// heard notes that the client heard of a command between two instants.
func (s *seat) heard(id string, from, to time.Time) {
	bound := to.Sub(from) / 2
	at := s.server.cfg.Now().Add(-time.Since(to) - bound)
	s.server.aside(func() {
		ctx, cancel := context.WithTimeout(s.server.ctx, requestTimeout)
		defer cancel()
		_ = s.member.Heard(ctx, id, at, bound) // of a command that is past, or a member that has gone
	})
}

// emit sends an event, or keeps it for a client that is away. s.mu is held.
func (s *seat) emit(text []byte, isAct bool, heard func(from, to time.Time)) {
	s.offset++
	s.remember(logged{s.offset, text, isAct})
	if s.gone {
		return
	}
	from := time.Now()
	s.conn.emit(mainNamespace, closedWith(text, s.offset), nil)
	if heard != nil {
		s.conn.Ping(func(_, to time.Time) { heard(from, to) })
	}
}

// closedWith is the arguments with the offset behind them, by which a client says what it has.
func closedWith(text []byte, offset uint64) []byte {
	b := make([]byte, 0, len(text)+24)
	b = append(append(b, text...), `,"`...)
	return append(strconv.AppendUint(b, offset, 10), `"]`...)
}

func (s *seat) remember(l logged) {
	s.log, s.bytes = append(s.log, l), s.bytes+len(l.text)
	for len(s.log) > kept || s.bytes > keptBytes {
		s.bytes -= len(s.log[0].text)
		s.log = s.log[1:]
	}
}

// since returns what the client hasn't had after an event; whole is false where some of it isn't known any more.
func (s *seat) after(offset string) (texts [][]byte, whole bool) {
	had, err := strconv.ParseUint(offset, 10, 64)
	if err != nil || had > s.offset {
		return nil, false
	}
	whole = had == s.offset || len(s.log) > 0 && s.log[0].offset <= had+1
	for _, l := range s.log {
		if l.offset > had && !l.act {
			texts = append(texts, closedWith(l.text, l.offset))
		}
	}
	return texts, whole && !s.lost
}

// watch tells the client when others have ended its membership.
func (s *seat) watch() {
	select {
	case <-s.member.Done():
	case <-s.server.ctx.Done():
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone || !s.member.Ousted() || s.member.Ending() == session.Ended {
		return
	}
	text, _ := arguments(wire.Error, signaling.ErrorData{Message: "the device was removed from the session", Code: wire.CodeNotJoined})
	s.emit(text, false, nil)
}

// stop ends the sending: the client is away. It reports whether it was there.
func (s *seat) stop() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := !s.gone
	s.gone, s.held = true, nil
	s.release()
	return was
}

// away disconnects the member, whose seat is kept if the client may come back.
func (s *seat) away(ctx context.Context, keep bool) error {
	if !s.stop() {
		return nil // another connection of the client has it
	}
	if !keep {
		s.server.give(s)
		return s.member.Disconnect(ctx)
	}
	unlinger, err := s.member.Linger(ctx)
	s.server.keep(s, unlinger)
	return err
}

// end writes down that the client's connection has ended.
func (s *seat) end(reason string) {
	s.stop()
	f := signaling.Farewell{Code: websocket.CloseAbnormalClosure, Reason: reason, Stayed: time.Since(s.since)}
	switch reason {
	case "slow_reader":
		f.Code, f.ByServer = wire.CloseSlowReader, true
	case "abuse":
		f.Code, f.ByServer = wire.CloseAbuse, true
	case "shutdown":
		f.Code, f.ByServer = websocket.CloseGoingAway, true
	case "left":
		f.Code, f.ByServer = wire.CloseLeft, true
	case "client_closed", "client_left":
		f.Code = websocket.CloseNormalClosure
	}
	s.server.cfg.Observe.Left(s.visit, f)
}

// arguments writes an event's name and data as the beginning of its array.
func arguments(name string, data any) ([]byte, error) {
	b, err := plainjson.Marshal([]any{name, data})
	if err != nil {
		return nil, err
	}
	return b[:len(b)-1], nil
}

func encodeEvent(e session.Event) ([]byte, error) { return arguments(e.Name, lowered(e.Data)) }
