package session

import (
	"slices"
	"time"
)

const (
	// fanOut is what telling one more device adds to the time until the last
	// one knows.
	fanOut = 50 * time.Microsecond
	// answersKept is the number of the latest commands whose answers count.
	answersKept = 8
	// maxPull is by how much one device's word makes the others wait: beyond what they need
	// themselves, or beyond the lead that was too short for it.
	maxPull = 200 * time.Millisecond
	// maxPullOfTwo is the same where there are but two, and either may be the odd one.
	maxPullOfTwo = time.Second
)

// link is what is known of the way to a device.
type link struct{ delay, jitter time.Duration }

// lead returns how far ahead a command must lie for the connected devices to
// hold it in time: what the one needs that needs most, plus the fan-out. One that needs by far the most
// doesn't hold up the others, but for maxPull, and is left behind.
func lead(s *state, links map[string]link, least, most time.Duration) time.Duration {
	needs := s.needs(links)
	need := time.Duration(0)
	switch n := len(needs); {
	case n >= 3:
		need = min(needs[0].lead, needs[1].lead+maxPull)
	case n == 2:
		need = min(needs[0].lead, needs[1].lead+maxPullOfTwo)
	case n == 1:
		need = needs[0].lead
	}
	return clamp(need+time.Duration(s.connectedCount())*fanOut, least, most).Round(time.Microsecond)
}

// need is how far ahead a command must lie for a device.
type need struct {
	deviceID string
	lead     time.Duration
}

// needs returns what the devices need that commands are for, the most first: those with a
// type, and whichever has armed one of the latest commands; all of them where none has a type.
//
// A device needs a round trip and its jitter twice over, so that one lost packet is made good
// for, or as long as it has lately taken to say that it is armed, which has the preparation in it.
func (s *state) needs(links map[string]link) []need {
	answers := s.answers()
	var meant, all []need
	for _, u := range s.users {
		for i := range u.Devices {
			d := &u.Devices[i]
			if !d.Connected {
				continue
			}
			l := links[d.ID]
			answer, armed := answers[d.ID]
			n := need{d.ID, max(2*(l.delay+l.jitter), answer)}
			all = append(all, n)
			if d.Type != "" || armed {
				meant = append(meant, n)
			}
		}
	}
	if len(meant) == 0 {
		meant = all
	}
	slices.SortFunc(meant, func(a, b need) int { return compareJoining(instant(b.lead), instant(a.lead), a.deviceID, b.deviceID) })
	return meant
}

// answers returns the longest time that each connected device took to be armed for one of the
// latest commands, counted from when it could know of it. An answer that came after the instant
// says no more than that the lead was too short: not how long a device was frozen, or silent.
func (s *state) answers() map[string]time.Duration {
	longest := map[string]time.Duration{}
	commands := s.commandsByTime()
	for _, c := range commands[max(0, len(commands)-answersKept):] {
		for deviceID, a := range s.acks[c.ID] {
			_, d := s.device(deviceID)
			if d == nil || !d.Connected || !a.Armed || a.ArmedAt <= d.Since {
				continue
			}
			from := max(c.IssuedAt, d.Since)
			took := min(a.ArmedAt, max(from, c.Timestamp)+instant(maxPull)).sub(from)
			longest[deviceID] = max(longest[deviceID], took)
		}
	}
	return longest
}
