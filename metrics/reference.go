package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Reference is how an instance's session time is that of the others on its store.
type Reference struct {
	Shared      bool // others may be on its store; else nothing is told
	Holds       bool // it is the reference
	Heard       bool // it hears the reference
	Stratum     uint8
	Bound, Hard time.Duration // by how much session time may be off the reference's
	Refused     uint64        // frames that weren't authenticated
	Stale       uint64        // answers of one that isn't the reference any more
}

var (
	referenceDesc = desc("reference_state", "1 for what this instance is among those on its store: reference, follower, or alone when it hears no reference.", "state")
	stratumDesc   = desc("reference_stratum", "Stratum of this instance's session time: 1 for a reference without NTP; 0 while it isn't known.")
	offDesc       = desc("reference_bound_seconds", "By how much session time may be off the reference's, 99 %.")
	offHardDesc   = desc("reference_hard_bound_seconds", "By how much session time may be off the reference's, as causality guarantees.")
	framesDesc    = desc("reference_frames_refused_total", "Frames between instances that weren't used: not authenticated, or of one that isn't the reference any more.", "reason")
)

// reference tells whose session time this instance has.
func (c collector) reference(ch chan<- prometheus.Metric) {
	if c.cfg.Reference == nil {
		return
	}
	r := c.cfg.Reference()
	if !r.Shared {
		return
	}
	for state, is := range map[string]bool{"reference": r.Holds, "follower": !r.Holds && r.Heard, "alone": !r.Holds && !r.Heard} {
		v := 0.0
		if is {
			v = 1
		}
		ch <- gauge(referenceDesc, v, state)
	}
	ch <- gauge(stratumDesc, float64(r.Stratum))
	ch <- gauge(offDesc, r.Bound.Seconds())
	ch <- gauge(offHardDesc, r.Hard.Seconds())
	ch <- counter(framesDesc, float64(r.Refused), "forged")
	ch <- counter(framesDesc, float64(r.Stale), "old")
}
