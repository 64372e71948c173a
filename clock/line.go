package clock

import (
	"math"
	"time"
)

// Line is session time over the steady clock (Source.Local) on a stretch of
// constant rate:
//
//	session(s) = Session + (s − Steady)·(1 + Rate)
//
// Devices are measured against the steady clock, so that steering disturbs no
// estimate; what is told of them is composed with the Line, which is known exactly.
type Line struct {
	Steady  SessionTime
	Session SessionTime
	Rate    float64     // of session time against the steady clock, less 1
	Until   SessionTime // of the steady clock: from then on another Line holds
}

// endless is the end of a Line that no other follows.
const endless = SessionTime(math.MaxInt64)

// At returns the session time when the steady clock reads s.
func (l Line) At(s SessionTime) SessionTime {
	d := s.Sub(l.Steady)
	return l.Session.Add(d + time.Duration(math.Round(float64(d)*l.Rate)))
}

// Inverse returns what the steady clock reads at session time t.
func (l Line) Inverse(t SessionTime) SessionTime {
	d := t.Sub(l.Session)
	return l.Steady.Add(d - time.Duration(math.Round(float64(d)*l.Rate/(1+l.Rate))))
}

// Steered reports whether session time isn't simply the steady clock.
func (l Line) Steered() bool { return l.Rate != 0 || l.Steady != l.Session || l.Until != endless }

// Parts returns when, by the steady clock and from now on, this Line will have
// parted from another by more than limit; never, if it goes on alike. It knows nothing
// of what comes after Until, when the caller has to look again: no later instant is returned.
func (l Line) Parts(from Line, now SessionTime, limit time.Duration) SessionTime {
	apart := float64(l.At(now).Sub(from.At(now)))
	rate := l.Rate - from.Rate
	if math.Abs(apart) > float64(limit) {
		return now
	}
	if rate == 0 {
		return l.Until
	}
	after := (math.Copysign(float64(limit), rate) - apart) / rate
	if after >= float64(l.Until.Sub(now)) {
		return l.Until
	}
	return now.Add(time.Duration(after))
}

// Over returns an estimate of a device against the steady clock as one against session
// time, l being the Line at the instant that it is for.
func (e Estimate) Over(l Line) Estimate {
	if !e.Map.Valid {
		return e
	}
	m := &e.Map
	at := l.At(m.Session)
	e.Offset -= at.Sub(m.Session)
	e.Skew = (e.Skew - l.Rate) / (1 + l.Rate)
	m.Session, m.Rate = at, m.Rate+l.Rate+m.Rate*l.Rate
	return e
}
