package reference

import (
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

const (
	askEvery   = 1500 * time.Millisecond // at least: a bend of the reference's course is known for longer
	probeEvery = 10 * time.Second        // a path that isn't used
	silence    = 5 * time.Second         // a path that isn't heard for so long isn't used
	lostAfter  = 3 * time.Second
	maxOut     = 64 // questions of one path that wait for an answer
	clearly    = 2  // a path must be so many times better to be changed to
)

// path is one way to the reference, and what was learnt over it. Not safe for concurrent use.
type path struct {
	at    netip.AddrPort // not valid: the store's network
	est   *clock.Estimator
	out   clock.Pings // questions that wait for an answer
	asked clock.SessionTime
	heard clock.SessionTime // 0: never
	last  frame             // the latest answer
}

func newPath(at netip.AddrPort) *path {
	return &path{at: at, out: clock.Pings{Limit: maxOut, Timeout: lostAfter}, est: clock.NewEstimator(clock.Config{Seed: nonce()})}
}

// name says over what it is.
func (p *path) name() string {
	if p.at.IsValid() {
		return "udp"
	}
	return "nats"
}

// due returns when the next question is to leave, by the steady clock.
func (p *path) due(used, any bool) clock.SessionTime {
	switch {
	case p.asked == 0:
		return 0
	case used || !any:
		return max(min(p.est.Due(), p.asked.Add(askEvery)), p.asked.Add(time.Millisecond))
	}
	return p.asked.Add(probeEvery)
}

// begin notes a question that leaves at t1.
func (p *path) begin(nonce uint64, t1 clock.SessionTime) {
	p.out.Begin(nonce, t1)
	p.asked = t1
	p.est.Sent(t1)
}

// take enters an answer that came at t4; false when nothing waits for it.
func (p *path) take(f frame, t4 clock.SessionTime) bool {
	t1, ok := p.out.Answered(f.nonce)
	if ok {
		p.heard, p.last = t4, f
		_ = p.est.Add(clock.Exchange{T1: t1, T2: clock.DeviceTime(f.t2), T3: clock.DeviceTime(f.t3), T4: t4})
	}
	return ok
}

// fresh reports whether the path may be used.
func (p *path) fresh(at clock.SessionTime) bool {
	return p != nil && p.heard != 0 && at.Sub(p.heard) < silence
}

// session returns what session time is when this instance's steady clock reads at, by the
// reference's word, its rate against that clock, and what is known of it.
func (p *path) session(at clock.SessionTime) (session clock.SessionTime, rate float64, e clock.Estimate) {
	e = p.est.Estimate(at)
	theirs := at.Add(e.Offset)
	line := p.last.over(theirs)
	return line.At(theirs), e.Skew + line.Rate + e.Skew*line.Rate, e
}

// bend returns when, by this instance's steady clock, the reference's course bends next;
// false if that isn't known.
func (p *path) bend(at clock.SessionTime) (clock.SessionTime, bool) {
	e := p.est.Estimate(at)
	theirs := at.Add(e.Offset)
	until := p.last.over(theirs).Until
	if until.Sub(theirs) > time.Minute {
		return 0, false
	}
	return at.Add(until.Sub(theirs)), true
}

// nonce returns a number that nobody can predict. crypto/rand never fails.
func nonce() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return binary.BigEndian.Uint64(b[:])
}
