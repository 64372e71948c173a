package clock

import "time"

// Source is session time as this process tells it: its monotonic clock plus an
// anchor to UTC that is read once. Safe for concurrent use.
type Source struct {
	now    func() time.Time
	start  time.Time
	anchor SessionTime
}

// NewSource anchors session time to the wall clock's present reading and from
// then on follows the monotonic clock alone. now is time.Now, handed in so
// that nothing in this package reads a clock by itself; its results must carry
// a monotonic reading.
func NewSource(now func() time.Time) *Source {
	t := now()
	return &Source{now: now, start: t, anchor: SessionTime(t.UnixNano())}
}

// Now returns the present session time.
func (s *Source) Now() SessionTime { return s.At(s.now()) }

// At returns the session time at t, a reading of the function that the Source
// was made with.
func (s *Source) At(t time.Time) SessionTime { return s.anchor.Add(t.Sub(s.start)) }

// Until returns how long it is until session time t; negative when it is past.
func (s *Source) Until(t SessionTime) time.Duration { return t.Sub(s.Now()) }
