package rules

import (
	"slices"
	"time"
)

const (
	// fanOut is what telling one more device adds to the time until the last
	// one knows.
	fanOut = 50 * time.Microsecond
	// AnswersKept is the number of the latest commands whose answers count.
	AnswersKept = 8
	// MaxPull is by how much one device's word makes the others wait: beyond what they need
	// themselves, or beyond the lead that was too short for it.
	MaxPull = 200 * time.Millisecond
	// maxPullOfTwo is the same where there are but two, and either may be the odd one.
	maxPullOfTwo = time.Second
)

// Link is what is known of the way to a device.
type Link struct{ Delay, Jitter time.Duration }

// Lead returns how far ahead a command must lie for the connected devices to
// hold it in time: what the one needs that needs most, plus the fan-out. One that needs by far the most
// doesn't hold up the others, but for MaxPull, and is left behind.
func Lead(s *State, links map[string]Link, least, most time.Duration) time.Duration {
	needs := s.Needs(links)
	need := time.Duration(0)
	switch n := len(needs); {
	case n >= 3:
		need = min(needs[0].Lead, needs[1].Lead+MaxPull)
	case n == 2:
		need = min(needs[0].Lead, needs[1].Lead+maxPullOfTwo)
	case n == 1:
		need = needs[0].Lead
	}
	return clamp(need+time.Duration(s.connectedCount())*fanOut, least, most).Round(time.Microsecond)
}

// need is how far ahead a command must lie for a device.
type need struct {
	DeviceID string
	Lead     time.Duration
}

// Needs returns what the devices need that commands are for, the most first: those with a
// type, and whichever has armed one of the latest commands; all of them where none has a type.
//
// A device needs a round trip and its jitter twice over, so that one lost packet is made good
// for, or as long as it has lately taken to say that it is armed, which has the preparation in it.
func (s *State) Needs(links map[string]Link) []need {
	answers := s.answers()
	var meant, all []need
	for _, u := range s.Users {
		for i := range u.Devices {
			d := &u.Devices[i]
			if !d.Connected {
				continue
			}
			l := links[d.ID]
			answer, armed := answers[d.ID]
			n := need{d.ID, max(2*(l.Delay+l.Jitter), answer)}
			all = append(all, n)
			if d.Type != "" || armed {
				meant = append(meant, n)
			}
		}
	}
	if len(meant) == 0 {
		meant = all
	}
	slices.SortFunc(meant, func(a, b need) int { return compareJoining(Instant(b.Lead), Instant(a.Lead), a.DeviceID, b.DeviceID) })
	return meant
}

// answers returns the longest time that each connected device with a clock took to be armed for one of the
// latest commands, counted from when it could know of it. An answer that came after the instant
// says no more than that the lead was too short: not how long a device was frozen, or silent.
func (s *State) answers() map[string]time.Duration {
	longest := map[string]time.Duration{}
	commands := s.CommandsByTime()
	for _, c := range commands[max(0, len(commands)-AnswersKept):] {
		for deviceID, a := range s.Acks[c.ID] {
			_, d := s.Device(deviceID)
			if d == nil || !d.Connected || d.NoClock || !a.Armed || a.ArmedAt <= d.Since {
				continue
			}
			from := max(c.IssuedAt, d.Since)
			took := min(a.ArmedAt, max(from, c.Timestamp)+Instant(MaxPull)).Sub(from)
			longest[deviceID] = max(longest[deviceID], took)
		}
	}
	return longest
}
