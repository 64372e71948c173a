package utc

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/beevik/ntp"

	"github.com/downbeat-sync/downbeat/clock"
)

const (
	// unreachable is how many queries in a row must fail for a server not to count.
	unreachable = 3
	// steadyAfter is how long a server is watched before its rate is believed.
	steadyAfter = 5 * time.Minute
	// backoff is the longest pause between two queries of a server that fails.
	backoff = 1024 * time.Second
	// patience is how many answers a poll interval must bring before it is doubled.
	patience = 4
)

// answer is what a server said to one query.
type answer struct {
	exchange clock.Exchange // T1 and T4 in local time, T2 and T3 in the server's UTC
	distance time.Duration  // of the server from its reference clock
	stratum  int
	leap     ntp.LeapIndicator
	kiss     string // of a kiss of death; then nothing else holds
}

// server is what is known of one server, and when to ask it next. Not safe for
// concurrent use.
type server struct {
	cfg     *Config
	address string
	est     *clock.Estimator
	last    answer
	first   clock.SessionTime // local time of the first answer
	answers uint64
	refused map[Reason]uint64
	asked   int           // queries so far, for the burst
	fails   int           // in a row
	good    int           // answers at the present poll interval
	poll    time.Duration // the present interval
	floor   time.Duration // least interval, raised by a kiss of death
	denied  bool          // the server asked never to be asked again
}

func newServer(cfg *Config, address string) *server {
	return &server{
		cfg: cfg, address: address, est: clock.NewEstimator(clock.Config{Steady: true}),
		refused: map[Reason]uint64{}, poll: cfg.MinPoll, floor: cfg.MinPoll,
	}
}

// take enters the outcome of a query.
func (s *server) take(a answer, err error) error {
	s.asked++
	if err == nil && a.distance > s.cfg.MaxDistance {
		err = fmt.Errorf("%w: %v", ntp.ErrInvalidDispersion, a.distance)
	}
	if err == nil {
		err = s.learn(a)
	}
	var held *clock.RejectError
	switch {
	case err == nil:
	case errors.As(err, &held) && held.Reason == clock.ReasonSuspect:
		s.refused[ReasonExchange]++ // the server lives; its clock is looked at again soon
		s.fails, s.good, s.poll = 0, 0, s.floor
		return err
	case errors.As(err, &held) && held.Reason == clock.ReasonRange:
		s.refused[ReasonExchange]++ // the first answers after hours of silence: a few more begin anew
		s.fails, s.good = min(s.fails+1, unreachable), 0
		return err
	default:
		s.fail(a, err)
		return err
	}
	s.fails = 0
	if s.good++; s.good >= patience && s.asked > s.cfg.Burst {
		s.good, s.poll = 0, min(2*s.poll, max(s.cfg.MaxPoll, s.floor))
	}
	return nil
}

func (s *server) learn(a answer) error {
	if err := s.est.Add(a.exchange); err != nil {
		return fmt.Errorf("using the answer of %s: %w", s.address, err)
	}
	if s.answers++; s.first == 0 {
		s.first = a.exchange.T1
	}
	s.last = a
	return nil
}

func (s *server) fail(a answer, err error) {
	why := reasonOf(err)
	s.refused[why]++
	s.fails++
	s.good = 0
	if why == ReasonKiss {
		s.floor = min(2*max(s.floor, s.poll), backoff)
		s.poll, s.denied = s.floor, forbids(a.kiss)
		s.fails = max(s.fails, unreachable)
	}
}

// wait returns how long to wait before the next query: short in the burst at the
// start, then the poll interval; a server that fails is asked soon, then ever
// more seldom. All with a tenth of jitter. False when it isn't to be asked again.
func (s *server) wait() (time.Duration, bool) {
	pause := s.poll
	switch {
	case s.denied:
		return 0, false
	case s.asked < s.cfg.Burst && s.fails == 0:
		pause = s.cfg.BurstGap
	case s.fails > 0:
		pause = max(s.floor, min(s.cfg.MinPoll<<min(s.fails-1, 6), backoff))
	}
	return pause + time.Duration((rand.Float64()-0.5)*0.2*float64(pause)), true
}

// candidate returns what the server says of the offset at a local time; false if
// it says nothing that counts.
func (s *server) candidate(at clock.SessionTime) (candidate, bool) {
	if s.answers == 0 || s.fails >= unreachable || s.denied {
		return candidate{}, false
	}
	e := s.est.Estimate(at)
	c := candidate{
		offset: e.Offset, distance: e.Delay/2 + e.Bound + s.last.distance,
		rate: e.Skew, steady: at.Sub(s.first) >= steadyAfter,
	}
	return c, e.State != clock.Unsynced && c.distance <= s.cfg.MaxDistance
}
