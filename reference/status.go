package reference

import (
	"cmp"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Status is what is known at one instant.
type Status struct {
	Holds     bool   // this instance is the reference
	Known     bool   // session time is known: it is the reference's, or was once
	Reference string // the instance that has the lease; empty: none
	Term      uint64
	Stratum   uint8  // of this instance: the reference's plus one; 0: not known
	Path      string // udp or nats: over which the reference is asked; empty: it doesn't answer, or this is it
	Off       clock.Uncertainty
	Behind    time.Duration // session time still to be taken up
	Distance  time.Duration // of UTC from the reference's session time; negative: not known
	Asking    int           // other instances that follow this one
	Refused   uint64        // frames that aren't authenticated
	Stale     uint64        // answers of one that isn't the reference any more
	Why       string        // of what isn't as it should be
}

// Status returns what is known now.
func (k *Keeper) Status() Status {
	now := k.cfg.Now()
	at := k.cfg.Source.Local(now)
	stratum, distance := k.cfg.UTC()
	k.mu.Lock()
	defer k.mu.Unlock()
	s := Status{
		Holds: k.holds(now), Known: k.settled, Reference: k.lease.Holder, Term: k.lease.Term, Off: k.cfg.Source.Uncertainty(at),
		Refused: k.refused, Stale: k.stale, Distance: -1,
	}
	if s.Holds {
		s.Stratum, s.Distance = stratum, distance
		s.Asking = k.askers.count(now)
		return s
	}
	if p := k.follow.used; p.fresh(at) {
		s.Path, s.Behind, s.Stratum, s.Distance = p.name(), k.follow.by, p.last.stratum+1, p.last.distance
	}
	s.Why = k.wrong(now, s.Path != "")
	return s
}

// wrong returns what isn't as it should be with one that isn't the reference. The caller holds mu.
func (k *Keeper) wrong(now time.Time, heard bool) string {
	switch {
	case k.secret == nil || !k.lease.known:
		return "the store hasn't been read"
	case k.lease.Holder == "" || now.Sub(k.lease.seen) > leaseFor:
		return "no instance is the reference now"
	case k.follow.apart:
		return "session time is more than a second off the reference's: start this instance again"
	case !heard:
		return "the reference doesn't answer"
	}
	return ""
}

// Ready returns why this instance should get no new devices; empty if it may.
func (k *Keeper) Ready() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.settled && !k.follow.apart {
		return ""
	}
	why := k.wrong(k.cfg.Now(), k.follow.used.fresh(k.cfg.Source.Steady()))
	return cmp.Or(why, "it is being learnt from the reference")
}
