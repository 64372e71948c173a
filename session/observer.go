package session

import "time"

// Observer is told how the commands went, for counting. Its methods may be called
// with locks held: they must return at once and must not call the service.
type Observer interface {
	// Acted is told of each act that a device of this instance reports: how far from the
	// command's instant, positive is late, and whether the command came too late.
	Acted(off time.Duration, late bool)
	// Missed is told of each command that a device of this instance didn't carry out, and why.
	Missed(reason string)
	// Reported is told of a command's spread at its first report to a leader on this
	// instance, if anybody acted.
	Reported(spread time.Duration)
}

// nobody observes nothing.
type nobody struct{}

func (nobody) Acted(time.Duration, bool) {}
func (nobody) Missed(string)             {}
func (nobody) Reported(time.Duration)    {}
