package engineio

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// upgradeTime bounds how long a WebSocket that is to take a poll's place may take.
	upgradeTime = 10 * time.Second
	// writeTime is how long each chunkBytes of a message may take to be written.
	writeTime  = 5 * time.Second
	chunkBytes = 32 << 10
)

// serve goes on over a WebSocket until the socket is closed.
func (s *Socket) serve(ws *websocket.Conn) {
	written := make(chan struct{})
	go func() {
		defer close(written)
		s.write(ws)
		_ = ws.Close()
	}()
	s.read(ws)
	<-written
}

// write sends what is queued until the socket is closed.
func (s *Socket) write(ws *websocket.Conn) {
	for {
		for {
			p, ok := s.next()
			if !ok {
				break
			}
			if err := write(ws, p); err != nil {
				s.end("transport_closed", typeClose)
				return
			}
		}
		select {
		case <-s.wake:
		case <-s.done:
			s.flush(ws)
			return
		}
	}
}

// flush sends what was queued before the socket was closed.
func (s *Socket) flush(ws *websocket.Conn) {
	for {
		p, ok := s.next()
		if !ok || write(ws, p) != nil {
			break
		}
	}
	frame := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = ws.WriteControl(websocket.CloseMessage, frame, time.Now().Add(time.Second))
}

func write(ws *websocket.Conn, p packet) error {
	if err := ws.SetWriteDeadline(time.Now().Add(writeTime * time.Duration(1+len(p.data)/chunkBytes))); err != nil {
		return err
	}
	if p.binary {
		return ws.WriteMessage(websocket.BinaryMessage, p.data)
	}
	w, err := ws.NextWriter(websocket.TextMessage)
	if err != nil {
		return err
	}
	_, err = w.Write([]byte{p.kind})
	if err == nil {
		_, err = w.Write(p.data)
	}
	return errors.Join(err, w.Close())
}

// read takes what comes until nothing does.
func (s *Socket) read(ws *websocket.Conn) {
	ws.SetReadLimit(int64(s.server.cfg.MaxPayload))
	for {
		kind, r, err := ws.NextReader()
		at := time.Now()
		var b []byte
		if err == nil {
			b, err = io.ReadAll(r)
		}
		switch {
		case errors.Is(err, websocket.ErrReadLimit):
			s.end("too_large", typeClose)
			return
		case err != nil:
			s.end("transport_closed", typeClose)
			return
		case kind == websocket.BinaryMessage:
			s.message(b, true)
		default:
			s.receive(b, at)
		}
	}
}

// probe lets a WebSocket take the place of polling, if it is the first one and says so in time.
func (s *Socket) probe(ws *websocket.Conn) {
	if !s.offer() || !s.change(ws) {
		_ = ws.Close()
		return
	}
	s.serve(ws)
}

func (s *Socket) offer() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || s.ws != nil || s.candidate {
		return false
	}
	s.candidate = true
	return true
}

// change reports whether the WebSocket has become the way.
func (s *Socket) change(ws *websocket.Conn) bool {
	ws.SetReadLimit(chunkBytes)
	_ = ws.SetReadDeadline(time.Now().Add(upgradeTime))
	if _, b, err := ws.ReadMessage(); err == nil && string(b) == "2probe" && s.probed() {
		if write(ws, packet{kind: typePong, data: []byte("probe")}) == nil {
			if _, b, err := ws.ReadMessage(); err == nil && string(b) == string(typeUpgrade) && s.changed(ws) {
				_ = ws.SetReadDeadline(time.Time{})
				return true
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.candidate, s.upgrading = false, false
	return false
}

// probed lets a poll that waits go.
func (s *Socket) probed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.upgrading = true
	s.signal()
	return !s.over
}

func (s *Socket) changed(ws *websocket.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	s.ws, s.upgrading = ws, false
	s.signal()
	return true
}

// hijacking is a ResponseWriter whose connection can be taken over, however it is wrapped.
type hijacking struct{ http.ResponseWriter }

func (w hijacking) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}
