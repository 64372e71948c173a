package engineio

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"time"
)

// separator is between the packets of a payload.
const separator = 0x1e

// poll answers with what is to be sent, once there is something.
func (s *Socket) poll(w http.ResponseWriter, r *http.Request) {
	if !s.beginPoll() {
		refuse(w, badRequest)
		return
	}
	defer s.endPoll()
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // as far as there is one: it ends the request's context
	for {
		switch b, way := s.payload(); way {
		case sent:
			answer(w, b)
			return
		case elsewhere:
			s.signal() // it was meant for the WebSocket's writer
			refuse(w, badRequest)
			return
		}
		select {
		case <-s.wake:
		case <-s.done:
			if b, way := s.payload(); way == sent {
				answer(w, append(append(b, separator), s.farewell))
				return
			}
			answer(w, []byte{s.farewell})
			return
		case <-r.Context().Done():
			s.end("transport_closed", typeClose)
			return
		}
	}
}

// beginPoll reports whether a poll may wait. A second one at the same time ends the socket: its client is mad.
func (s *Socket) beginPoll() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over || s.ws != nil:
		return false
	case s.polled:
		s.endLocked("overlapping_polls", typeClose)
		return false
	}
	s.polled = true
	return true
}

func (s *Socket) endPoll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.polled = false
}

// way is where what is to be sent goes.
type way int

const (
	nothing   way = iota // there is nothing to send
	sent                 // with this poll
	elsewhere            // over a WebSocket
)

// payload takes all that waits off the queue.
func (s *Socket) payload() (b []byte, how way) {
	s.mu.Lock()
	upgrading, switched := s.upgrading, s.ws != nil
	s.mu.Unlock()
	if switched {
		return nil, elsewhere
	}
	for {
		p, ok := s.next()
		if !ok {
			break
		}
		if b != nil {
			b = append(b, separator)
		}
		b = p.appendText(b)
	}
	if b == nil && upgrading {
		b = []byte{typeNoop} // lets go of the poll, so that the client can change its way
	}
	if b == nil {
		return nil, nothing
	}
	return b, sent
}

// appendText writes a packet as it is in a payload.
func (p packet) appendText(b []byte) []byte {
	if p.binary {
		return base64.StdEncoding.AppendEncode(append(b, 'b'), p.data)
	}
	return append(append(b, p.kind), p.data...)
}

func answer(w http.ResponseWriter, b []byte) {
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(b)
}

// post takes the packets of a payload.
func (s *Socket) post(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	gone := s.over || s.ws != nil
	s.mu.Unlock()
	if gone {
		refuse(w, badRequest)
		return
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(s.server.cfg.MaxPayload)))
	at := time.Now()
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		s.end("too_large", typeClose)
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		s.end("transport_closed", typeClose)
		refuse(w, badRequest)
		return
	}
	s.unpack(b, at)
	if s.faulty() {
		refuse(w, badRequest)
		return
	}
	answer(w, []byte("ok"))
}

// unpack takes the packets of a payload, up to the first that none can be.
func (s *Socket) unpack(b []byte, at time.Time) {
	for p := range bytes.SplitSeq(b, []byte{separator}) {
		if len(p) > 0 && p[0] == 'b' {
			data, err := base64.StdEncoding.AppendDecode(nil, p[1:])
			if err != nil {
				s.end("parse_error", typeClose)
				return
			}
			s.message(data, true)
			continue
		}
		s.receive(p, at)
		if s.closed() {
			return
		}
	}
}

// faulty reports whether the socket was closed because of what the client sent.
func (s *Socket) faulty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason == "parse_error"
}
