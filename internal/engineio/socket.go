package engineio

import (
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// queueLen is how many packets may wait for a slow reader, and queueBytes how many bytes of
	// them. A larger one may still wait alone.
	queueLen   = 256
	queueBytes = 1 << 20
	// maxPings is how many pings may be without an answer.
	maxPings = 64
	// keptRTTs is how many of the latest round trips count.
	keptRTTs = 8
)

// The first byte of a packet.
const (
	typeOpen    = '0'
	typeClose   = '1'
	typePing    = '2'
	typePong    = '3'
	typeMessage = '4'
	typeUpgrade = '5'
	typeNoop    = '6'
)

// packet is one that is to be sent.
type packet struct {
	kind   byte
	data   []byte
	binary bool
	ping   *ping // of a ping
}

// ping is one that isn't answered.
type ping struct {
	queued   time.Time
	sent     time.Time // zero before it is
	answered func(sent, heard time.Time)
}

// Socket is one client. Its methods are safe for concurrent use.
type Socket struct {
	id      string
	server  *Server
	handler Handler
	in      sync.Mutex // held while the handler is called

	wake chan struct{} // of capacity 1: something is to be sent, or the way is another one
	done chan struct{} // closed when the socket is

	mu        sync.Mutex
	queue     []packet
	bytes     int // of the queue
	ws        *websocket.Conn
	polled    bool // a poll waits
	upgrading bool // a WebSocket has said that it is there
	candidate bool // a WebSocket is there that may become the way
	pings     []*ping
	lastPing  time.Time
	rtts      []time.Duration // the latest ones
	reason    string
	writing   bool // what was taken off the queue last isn't written yet
	farewell  byte // what a poll that waits is told
	over      bool
}

// ID returns the socket's id, which can't be guessed.
func (s *Socket) ID() string { return s.id }

// Send queues a text message and binary ones right behind it; it never blocks.
func (s *Socket) Send(text []byte, parts ...[]byte) {
	all := []packet{{kind: typeMessage, data: text}}
	for _, part := range parts {
		all = append(all, packet{kind: typeMessage, data: part, binary: true})
	}
	s.enqueue(all...)
}

// SendNow queues messages as Send does, if nothing has to be written before them and there is a
// WebSocket that writes them at once. Else it returns false, and they are not sent.
func (s *Socket) SendNow(text []byte, parts ...[]byte) bool {
	s.mu.Lock()
	now := s.ws != nil && !s.writing && len(s.queue) == 0
	s.mu.Unlock()
	if now {
		s.Send(text, parts...)
	}
	return now
}

// SendBinary queues a binary message; it never blocks.
func (s *Socket) SendBinary(b []byte) { s.enqueue(packet{kind: typeMessage, data: b, binary: true}) }

// Ping asks the client for a sign. answered, if not nil, is called with when the ping was about to be
// sent and when its answer was read: what was queued before the ping had arrived by then. It is not
// called for a socket that is closed before, or where too many pings are without an answer.
func (s *Socket) Ping(answered func(sent, heard time.Time)) {
	p := &ping{queued: time.Now(), answered: answered}
	s.mu.Lock()
	full := len(s.pings) >= maxPings
	if !full {
		s.pings, s.lastPing = append(s.pings, p), p.queued
	}
	s.mu.Unlock()
	if !full {
		s.enqueue(packet{kind: typePing, ping: p})
	}
}

// RTT returns the least of the latest round trips, and by how much the longest of them is longer;
// known is false before there is one.
func (s *Socket) RTT() (least, spread time.Duration, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rtts) == 0 {
		return 0, 0, false
	}
	least, most := s.rtts[0], s.rtts[0]
	for _, rtt := range s.rtts {
		least, most = min(least, rtt), max(most, rtt)
	}
	return least, most - least, true
}

// Close closes the socket once what is queued has been sent; the first reason counts.
func (s *Socket) Close(reason string) { s.end(reason, typeClose) }

func (s *Socket) end(reason string, farewell byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(reason, farewell)
}

func (s *Socket) endLocked(reason string, farewell byte) {
	if s.over {
		return
	}
	s.over, s.reason, s.farewell = true, reason, farewell
	close(s.done)
}

// SlowReader is the reason of a socket that was closed because too much waited for its client.
const SlowReader = "slow_reader"

func (s *Socket) enqueue(all ...packet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	for _, p := range all {
		s.queue = append(s.queue, p)
		s.bytes += len(p.data)
	}
	if len(s.queue) > queueLen || s.bytes > queueBytes && len(s.queue) > len(all) {
		s.queue, s.bytes = nil, 0
		s.endLocked(SlowReader, typeClose)
		if s.ws != nil {
			_ = s.ws.NetConn().Close() // the writer may wait for this very reader
		}
		return
	}
	s.signal()
}

func (s *Socket) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// next takes one packet off the queue.
func (s *Socket) next() (p packet, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writing = len(s.queue) > 0; !s.writing {
		return packet{}, false
	}
	p = s.queue[0]
	if s.queue = s.queue[1:]; len(s.queue) == 0 {
		s.queue = nil
	}
	s.bytes -= len(p.data)
	if p.ping != nil {
		p.ping.sent = time.Now()
	}
	return p, true
}

// pong takes the answer to the oldest ping. One that nothing asked for counts for nothing.
func (s *Socket) pong(heard time.Time) {
	s.mu.Lock()
	if len(s.pings) == 0 || s.pings[0].sent.IsZero() {
		s.mu.Unlock()
		return
	}
	p := s.pings[0]
	s.pings = s.pings[1:]
	if len(s.rtts) == keptRTTs {
		s.rtts = append(s.rtts[:0], s.rtts[1:]...)
	}
	s.rtts = append(s.rtts, heard.Sub(p.sent))
	s.mu.Unlock()
	if p.answered != nil {
		p.answered(p.sent, heard)
	}
}

// receive takes one packet that came as text.
func (s *Socket) receive(b []byte, at time.Time) {
	kind := byte(0)
	if len(b) > 0 {
		kind = b[0]
	}
	switch kind {
	case typePong:
		s.pong(at)
	case typeMessage:
		s.message(b[1:], false)
	case typeClose:
		s.end("client_closed", typeNoop)
	case typeNoop:
	default:
		s.end("parse_error", typeClose)
	}
}

func (s *Socket) message(b []byte, binary bool) {
	s.in.Lock()
	defer s.in.Unlock()
	if !s.closed() {
		s.handler.Message(b, binary)
	}
}

func (s *Socket) closed() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// keep pings until the socket is closed, and tells the handler then.
func (s *Socket) keep(release func()) {
	defer s.server.running.Done()
	defer release()
	due := time.NewTimer(s.server.cfg.PingEvery)
	defer due.Stop()
	for !s.closed() {
		select {
		case <-due.C:
			due.Reset(s.tick())
		case <-s.done:
		}
	}
	s.server.forget(s)
	s.in.Lock()
	defer s.in.Unlock()
	s.handler.Closed(s.reason)
}

// tick pings when that is due, ends a socket whose ping wasn't answered in time, and returns when to
// look again.
func (s *Socket) tick() time.Duration {
	every, timeout := s.server.cfg.PingEvery, s.server.cfg.PingTimeout
	s.mu.Lock()
	waits, last := time.Duration(0), time.Since(s.lastPing)
	waiting := len(s.pings) > 0
	if waiting {
		waits = time.Since(s.pings[0].queued)
	}
	s.mu.Unlock()
	switch {
	case waiting && waits >= timeout:
		s.end("ping_timeout", typeClose)
		return timeout
	case waiting:
		return min(every, timeout-waits)
	case last >= every:
		s.Ping(nil)
		return min(every, timeout)
	}
	return every - last
}
