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

// sharedEncoding is what all those who are told the same write.
type sharedEncoding struct {
	once  sync.Once
	bytes []byte
	err   error
}

// Encoded returns what encode makes of the event, which is called once for all the
// members who are told it. The bytes are not to be modified.
func (e Event) Encoded(encode func(Event) ([]byte, error)) ([]byte, error) {
	if e.shared == nil {
		return encode(e)
	}
	e.shared.once.Do(func() { e.shared.bytes, e.shared.err = encode(e) })
	return e.shared.bytes, e.shared.err
}
