package session

import (
	"time"
)

const (
	// fanOut is what telling one more device adds to the time until the last
	// one knows.
	fanOut = 50 * time.Microsecond
	// answersKept is the number of the latest commands whose answers count.
	answersKept = 8
)

// link is what is known of the way to a device.
type link struct{ delay, jitter time.Duration }

// lead returns how far ahead a command must lie for each connected device to
// hold it in time: a round trip and its jitter twice over, so that one lost
// packet is made good for, or as long as a device has lately taken to say that
// it is armed, which has the preparation in it; plus the fan-out.
func lead(s *state, links map[string]link, least, most time.Duration) time.Duration {
	need := time.Duration(0)
	for _, l := range links {
		need = max(need, 2*(l.delay+l.jitter))
	}
	need = max(need, slowestAnswer(s))
	return clamp(need+time.Duration(s.connectedCount())*fanOut, least, most).Round(time.Microsecond)
}

// slowestAnswer returns the longest time that a connected device took to be
// armed for one of the latest commands, counted from when it could know of it.
func slowestAnswer(s *state) time.Duration {
	commands := s.commandsByTime()
	slowest := time.Duration(0)
	for _, c := range commands[max(0, len(commands)-answersKept):] {
		for deviceID, a := range s.acks[c.ID] {
			if _, d := s.device(deviceID); d != nil && d.Connected && a.Armed && a.ArmedAt > d.Since {
				slowest = max(slowest, a.ArmedAt.sub(max(c.IssuedAt, d.Since)))
			}
		}
	}
	return slowest
}
