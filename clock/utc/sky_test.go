package utc

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/beevik/ntp"

	"github.com/downbeat-sync/downbeat/clock"
)

// sky is UTC in a bubble, and servers that know it more or less.
type sky struct {
	source *clock.Source
	offset time.Duration // UTC − local time when it began
	rate   float64       // of UTC against the local clock, less 1
	begun  time.Time

	mu      sync.Mutex
	stars   map[string]*star
	asking  map[string]int
	queries map[string]int
	random  *rand.Rand
}

// star is a server in a sky.
type star struct {
	lie    time.Duration // added to UTC
	floor  time.Duration // one way
	queue  time.Duration // mean queueing of each way
	silent bool
	err    error
	leap   ntp.LeapIndicator
	kiss   string
}

func newSky(offset time.Duration, rate float64) *sky {
	return &sky{
		source: clock.NewSource(time.Now), offset: offset, rate: rate, begun: time.Now(), stars: map[string]*star{},
		asking: map[string]int{}, queries: map[string]int{}, random: rand.New(rand.NewPCG(1, 2)),
	}
}

// ahead returns UTC − local time at t.
func (s *sky) ahead(t time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.offset + time.Duration(math.Round(float64(t.Sub(s.begun))*s.rate))
}

// error returns session time − UTC, now.
func (s *sky) error() time.Duration {
	now := time.Now()
	return s.source.At(now).Sub(s.source.Local(now)) - s.ahead(now)
}

// set changes a star.
func (s *sky) set(address string, change func(*star)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.stars[address])
}

// ask is a Discipline's query under this sky.
func (s *sky) ask(ctx context.Context, address string) (answer, error) {
	s.mu.Lock()
	star := *s.stars[address]
	s.asking[address]++
	s.queries[address]++
	if s.asking[address] > 1 {
		panic("two queries of one server are under way")
	}
	way := func() time.Duration {
		return star.floor + time.Duration(s.random.ExpFloat64()*float64(star.queue))
	}
	there, back := way(), way()
	s.mu.Unlock()
	defer func() { s.mu.Lock(); s.asking[address]--; s.mu.Unlock() }()

	if star.silent || star.err != nil || star.kiss != "" {
		return failing(ctx, star)
	}
	t1 := time.Now()
	time.Sleep(there)
	t2 := time.Now()
	utc := clock.DeviceTime(s.source.Local(t2).Add(s.ahead(t2) + star.lie))
	time.Sleep(back)
	return answer{
		exchange: clock.Exchange{T1: s.source.Local(t1), T2: utc, T3: utc, T4: s.source.Local(time.Now())},
		distance: ms, stratum: 2, leap: star.leap,
	}, nil
}

func failing(ctx context.Context, s star) (answer, error) {
	switch {
	case s.kiss != "":
		return answer{kiss: s.kiss}, ntp.ErrKissOfDeath
	case s.err != nil:
		return answer{}, s.err
	}
	select {
	case <-time.After(2 * time.Second):
	case <-ctx.Done():
	}
	return answer{}, context.DeadlineExceeded
}

// run disciplines the sky's source by servers a, b, c… until the returned function
// is called.
func (s *sky) run(t *testing.T, change func(*Config), stars ...star) (*Discipline, func()) {
	cfg := Config{Source: s.source, Now: time.Now}
	for i, star := range stars {
		address := string(rune('a' + i))
		if star.floor == 0 {
			star.floor, star.queue = 5*ms, ms/2
		}
		s.stars[address] = &star
		cfg.Servers = append(cfg.Servers, address)
	}
	if change != nil {
		change(&cfg)
	}
	d, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	d.query = s.ask
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { d.Run(ctx) })
	return d, func() { cancel(); running.Wait() }
}
