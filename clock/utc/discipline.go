package utc

import (
	"context"
	"sync"
	"time"

	"github.com/beevik/ntp"
)

// Discipline keeps one Source near UTC. Its methods are safe for concurrent use.
type Discipline struct {
	cfg    Config
	query  func(ctx context.Context, address string) (answer, error)
	synced chan struct{} // closed once a majority has been found

	mu      sync.Mutex
	servers []*server
	belief
}

// New returns a Discipline that asks nobody until it is Run.
func New(cfg Config) (*Discipline, error) {
	cfg, err := cfg.ready()
	if err != nil {
		return nil, err
	}
	d := &Discipline{cfg: cfg, synced: make(chan struct{})}
	d.query = d.ask
	for _, address := range cfg.Servers {
		d.servers = append(d.servers, newServer(&d.cfg, address))
	}
	d.used = make([]bool, len(d.servers))
	d.outvoted = make([]bool, len(d.servers))
	return d, nil
}

// Synced is closed as soon as a majority of the servers has agreed once.
func (d *Discipline) Synced() <-chan struct{} { return d.synced }

// Run asks the servers, each by itself and never twice at a time, until ctx ends.
// Call it once.
func (d *Discipline) Run(ctx context.Context) {
	var group sync.WaitGroup
	for _, s := range d.servers {
		group.Go(func() { d.follow(ctx, s) })
	}
	group.Wait()
}

// follow asks one server again and again.
func (d *Discipline) follow(ctx context.Context, s *server) {
	for {
		a, err := d.query(ctx, s.address)
		if ctx.Err() != nil {
			return
		}
		pause, again := d.take(s, a, err)
		if !again {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// take enters the outcome of a query and steers by what is known now; it returns
// when to ask that server next.
func (d *Discipline) take(s *server, a answer, err error) (time.Duration, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := s.take(a, err); err != nil {
		d.cfg.Log.Debug("NTP answer not used", "server", s.address, "err", err)
	}
	d.update(d.cfg.Now())
	return s.wait()
}

// update judges the servers and steers session time. The caller holds mu.
func (d *Discipline) update(now time.Time) {
	at := d.cfg.Source.Local(now)
	var all []candidate
	var who []int
	waiting := 0
	for i, s := range d.servers {
		if c, ok := s.candidate(at); ok {
			all, who = append(all, c), append(who, i)
		} else if s.asked == 0 {
			waiting++
		}
	}
	v := judge(all, waiting)
	d.mark(v, who)
	if !v.majority {
		d.lose(len(all), waiting)
		return
	}
	d.believe(v, at)
	ahead := d.cfg.Source.At(now).Sub(at)
	by := v.offset + d.leaps - ahead
	if leap := d.leapt(by, at); leap != 0 {
		d.cfg.Log.Info("ntp_leap_second", "seconds", leap.Seconds())
		d.leaps += leap
		by += leap
	}
	d.announce(at)
	d.correct(now, by)
	d.win()
}

// Slews: a difference is taken up over settle, but no faster than is gentle, so that
// devices needn't be told of another rate each time. Only a large difference is taken up
// as fast as is allowed.
const (
	settle    = 4 * time.Minute
	gentle    = 4e-6
	large     = 50 * time.Millisecond
	stepAbove = time.Millisecond
	mostSteer = 50e-6           // rate and slew together, against the monotonic clock
	lead      = 2 * time.Second // of a change of the rate before it holds: other instances are to hear of it before
)

// correct takes by up, what is being taken up already not again. The caller holds mu.
func (d *Discipline) correct(now time.Time, by time.Duration) {
	if !d.cfg.Steers() {
		d.listening = true
		return
	}
	if by.Abs() > stepAbove && d.cfg.Step(func() { d.cfg.Source.Step(now, by) }) {
		d.steps++
		d.cfg.Log.Info("ntp_stepped", "by_s", by.Seconds())
		by = 0
	}
	at, from := d.cfg.Source.Local(now), now.Add(lead)
	if d.listening { // session time goes on as whoever steered it left it
		d.listening, d.applied, d.approached = false, d.cfg.Source.Line(at).Rate, at
	}
	d.approach(at)
	meanwhile := d.cfg.Source.At(from).Sub(d.cfg.Source.At(now)) - lead
	by += time.Duration(d.applied*float64(lead)) - meanwhile
	d.cfg.Source.Steer(from, steering(d.applied, by))
}

// mark notes who is used and who is outvoted, and says so when it changes.
func (d *Discipline) mark(v verdict, who []int) {
	clear(d.used)
	before := append([]bool(nil), d.outvoted...)
	clear(d.outvoted)
	for n, i := range who {
		d.used[i] = v.used[n]
		d.outvoted[i] = v.majority && !v.used[n]
	}
	for i, is := range d.outvoted {
		if is && !before[i] {
			d.cfg.Log.Warn("ntp_falseticker", "server", d.servers[i].address)
		}
	}
}

// announced returns the leap second that the used servers announce.
func (d *Discipline) announced() time.Duration {
	votes := 0
	for i, s := range d.servers {
		switch {
		case !d.used[i]:
		case s.last.leap == ntp.LeapAddSecond:
			votes++
		case s.last.leap == ntp.LeapDelSecond:
			votes--
		}
	}
	return time.Duration(max(-1, min(votes, 1))) * time.Second
}
