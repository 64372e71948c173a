package clock

import (
	"cmp"
	"time"
)

const (
	// MaxPings is how many pings wait for their answers at most, where Pings.Limit is 0.
	MaxPings = 128
	// PingTimeout is how long a ping waits for its answer before it counts as lost, where
	// Pings.Timeout is 0.
	PingTimeout = 5 * time.Second
)

// Pings remembers when the pings of one path left, until their answers come: an Exchange
// needs the T1 of its own ping, and answers may be lost, late, doubled or forged. Give each
// ping a number that nobody can guess. The zero Pings is usable. Not safe for concurrent use.
type Pings struct {
	Limit   int           // how many wait at most; 0: MaxPings
	Timeout time.Duration // how long each waits; 0: PingTimeout

	Sent  uint64 // pings, ever
	Lost  uint64 // of them without an answer in time, or pushed out by later ones
	Stray uint64 // answers that no ping was waiting for

	out []ping // oldest first
}

// ping is one that waits.
type ping struct {
	nonce uint64
	t1    SessionTime
}

// Begin enters a ping that leaves at t1.
func (p *Pings) Begin(nonce uint64, t1 SessionTime) {
	p.Expire(t1)
	if len(p.out) >= cmp.Or(p.Limit, MaxPings) {
		p.drop(1)
	}
	p.out = append(p.out, ping{nonce, t1})
	p.Sent++
}

// Answered returns when the ping with this number left, once for each ping; ok is false
// when none waits under that number.
func (p *Pings) Answered(nonce uint64) (t1 SessionTime, ok bool) {
	if t1, ok = p.take(nonce); !ok {
		p.Stray++
	}
	return t1, ok
}

// Unsent counts a ping that Begin entered as lost at once: it couldn't be sent.
func (p *Pings) Unsent(nonce uint64) {
	if _, ok := p.take(nonce); ok {
		p.Lost++
	}
}

// Expire counts the pings as lost that have waited too long at session time now. Begin
// does so too.
func (p *Pings) Expire(now SessionTime) {
	n, timeout := 0, cmp.Or(p.Timeout, PingTimeout)
	for n < len(p.out) && now.Sub(p.out[n].t1) > timeout {
		n++
	}
	p.drop(n)
}

// Waiting returns how many pings wait for their answers.
func (p *Pings) Waiting() int { return len(p.out) }

// Oldest returns when the ping left that has waited longest; ok is false when none waits.
func (p *Pings) Oldest() (t1 SessionTime, ok bool) {
	if len(p.out) == 0 {
		return 0, false
	}
	return p.out[0].t1, true
}

func (p *Pings) drop(n int) {
	p.out = append(p.out[:0], p.out[n:]...)
	p.Lost += uint64(n)
}

func (p *Pings) take(nonce uint64) (SessionTime, bool) {
	for i, s := range p.out {
		if s.nonce == nonce {
			p.out = append(p.out[:i], p.out[i+1:]...)
			return s.t1, true
		}
	}
	return 0, false
}
