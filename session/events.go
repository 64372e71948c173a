package session

import (
	"sync"
)

// Event is something to tell a member: Data marshals to the object that the
// protocol has for an event of that Name. Data is shared between members and
// not to be modified.
type Event struct {
	Name string
	Data any
	// Source is set where an event is better left out than late, and than to keep others
	// waiting: a later one of the same source takes its place.
	Source string

	shared *sharedEncoding // nil for one that is for one member
}

// Encoding is a way in which events are written.
type Encoding int

// The ways of the connections that there are.
const (
	ForWebSocket Encoding = iota
	ForSocketIO
	encodings
)

// sharedEncoding is what all those who are told the same write, in each way.
type sharedEncoding [encodings]struct {
	once  sync.Once
	bytes []byte
	err   error
}

// Encoded returns what encode makes of the event, which is called once for all the
// members who are told it in the same way. The bytes are not to be modified.
func (e Event) Encoded(as Encoding, encode func(Event) ([]byte, error)) ([]byte, error) {
	if e.shared == nil {
		return encode(e)
	}
	s := &e.shared[as]
	s.once.Do(func() { s.bytes, s.err = encode(e) })
	return s.bytes, s.err
}
