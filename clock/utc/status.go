package utc

import (
	"maps"
	"time"
)

// State says what session time follows.
type State string

// The states.
const (
	Local    State = "local"    // the local clock: no majority of servers was found yet
	NTP      State = "ntp"      // a majority of the servers that answer
	Holdover State = "holdover" // the local clock, at the rate that NTP has taught
)

// Status is what is known at one instant.
type Status struct {
	State        State
	Why          string        // of not following NTP
	RootDistance time.Duration // farthest that UTC can lie from session time, if a majority is right; 0 while Local
	Offset       time.Duration // UTC − session time: what is still to be taken up
	Rate         float64       // of session time against the monotonic clock when nothing is to be taken up, less 1
	Leaps        time.Duration // session time − UTC that leap seconds have left
	Steps        uint64
	Used         int // servers
	Reachable    int // servers
	Servers      []ServerStatus
}

// ServerStatus is what is known of one server.
type ServerStatus struct {
	Address      string
	Reachable    bool
	Used         bool
	Falseticker  bool          // contradicts the majority
	Offset       time.Duration // UTC − session time, by its word
	Delay        time.Duration
	RootDistance time.Duration
	Stratum      int
	Answers      uint64 // used
	Refused      map[Reason]uint64
}

// Status returns what is known now.
func (d *Discipline) Status() Status {
	now := d.cfg.Now()
	at := d.cfg.Source.Local(now)
	d.mu.Lock()
	defer d.mu.Unlock()
	ahead := d.cfg.Source.At(now).Sub(at) - d.leaps
	s := Status{State: d.state, Why: d.why, Rate: d.rate, Leaps: d.leaps, Steps: d.steps}
	if s.State == "" {
		s.State = Local
	}
	if s.State != Local {
		i := d.interval(at)
		s.RootDistance, s.Offset = i.farthest(ahead), i.lo+(i.hi-i.lo)/2-ahead
	}
	for i, server := range d.servers {
		c, ok := server.candidate(at)
		e := ServerStatus{
			Address: server.address, Reachable: ok, Used: d.used[i], Falseticker: d.outvoted[i],
			Stratum: server.last.stratum, Answers: server.answers, Refused: maps.Clone(server.refused),
		}
		if ok {
			e.Offset, e.RootDistance, e.Delay = c.offset-ahead, c.distance, server.est.Estimate(at).Delay
			s.Reachable++
		}
		if e.Used {
			s.Used++
		}
		s.Servers = append(s.Servers, e)
	}
	return s
}

// win notes that a majority was found. The caller holds mu.
func (d *Discipline) win() {
	if d.state != NTP {
		d.cfg.Log.Info("ntp_followed", "servers", len(d.servers))
	}
	if d.state == "" {
		close(d.synced)
	}
	d.state, d.why = NTP, ""
}

// lose notes that there is no majority among so many candidates. The caller holds mu.
func (d *Discipline) lose(candidates, waiting int) {
	why := "the NTP servers disagree, there is no majority"
	switch {
	case candidates == 0 && waiting == 0:
		why = "no NTP server gives a usable answer"
	case waiting > 0:
		return
	}
	if d.state == NTP {
		d.state = Holdover
	}
	if why != d.why {
		d.why = why
		d.cfg.Log.Warn("ntp_lost", "reason", why)
	}
}
