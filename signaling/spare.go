package signaling

import (
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/session"
)

const (
	// spareWindow is how many bytes of messages that may be left out are on the way to a
	// reader at most, or one message: what is behind them waits no longer than that takes.
	spareWindow = 32 << 10
	// spareLen is how many of them may wait for the writer, each of another source.
	spareLen = 64
)

// spare are the messages of a connection that are better left out than late: of each source
// the latest waits. Each is followed by a ping, whose answer says that the reader has it:
// there is never more on the way than the window, however much the systems and the
// network between would hold.
type spare struct {
	wake chan struct{} // has an element when one may be written

	mu      sync.Mutex
	sources []string // of what waits, the one that has waited longest first
	latest  map[string][]byte
	sent    int64 // bytes of messages, in all
	arrived int64 // of them
}

func newSpare() *spare { return &spare{wake: make(chan struct{}, 1), latest: map[string][]byte{}} }

// offer takes a message in the place of the one before it from the same source, or
// leaves it out where too many wait.
func (s *spare) offer(source string, b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.latest[source] == nil {
		if len(s.sources) >= spareLen {
			return
		}
		s.sources = append(s.sources, source)
	}
	s.latest[source] = b
	s.signal()
}

// next returns a message to be written, nil for none, and the number of bytes sent with it.
func (s *spare) next() (b []byte, sent int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open() {
		return nil, 0
	}
	source := s.sources[0]
	b = s.latest[source]
	s.sources = s.sources[1:]
	delete(s.latest, source)
	s.sent += int64(len(b))
	s.signal()
	return b, s.sent
}

// open reports whether there is a message that the window has room for.
func (s *spare) open() bool {
	if len(s.sources) == 0 {
		return false
	}
	under := s.sent - s.arrived
	return under == 0 || under+int64(len(s.latest[s.sources[0]])) <= spareWindow
}

func (s *spare) signal() {
	if !s.open() {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// answered takes the payload of a pong in.
func (s *spare) answered(data string) {
	arrived, err := strconv.ParseInt(data, 10, 64)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && arrived > s.arrived && arrived <= s.sent {
		s.arrived = arrived
		s.signal()
	}
}

// writeSpare writes a message that may be left out, behind those that may not, and asks
// whether it arrived. Writer only.
func (c *conn) writeSpare() error {
	for m, ok := c.next(); ok; m, ok = c.next() {
		if err := c.writeQueued(m); err != nil {
			return err
		}
	}
	b, sent := c.spare.next()
	if b == nil {
		return nil
	}
	if err := c.writeText(session.Whole(b)); err != nil {
		return err
	}
	return c.ws.WriteControl(websocket.PingMessage, strconv.AppendInt(nil, sent, 10), time.Now().Add(writeTimeout))
}
