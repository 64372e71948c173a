package clock

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"
	"unsafe"
)

const day0 = SessionTime(1_795_431_600_000_000_000)

// path makes exchanges over a simple path with exponential queueing; the clock
// is known.
type path struct {
	rng          *rand.Rand
	offset       time.Duration // at day0
	skew         float64
	floor, queue time.Duration
}

func (p *path) theta(at SessionTime) time.Duration {
	return p.offset + time.Duration(math.Round(p.skew*float64(at.Sub(day0))))
}

func (p *path) oneWay() time.Duration {
	return p.floor + time.Duration(p.rng.ExpFloat64()*float64(p.queue))
}

func (p *path) exchange(at SessionTime) Exchange {
	up := at.Add(p.oneWay())
	reply := up.Add(20 * time.Microsecond)
	return Exchange{
		T1: at, T2: DeviceTime(up.Add(p.theta(up))),
		T3: DeviceTime(reply.Add(p.theta(reply))), T4: reply.Add(p.oneWay()),
	}
}

func wiredPath(seed uint64) *path {
	return &path{rng: rand.New(rand.NewPCG(seed, 1)), offset: -time.Duration(day0) + 1234567*time.Microsecond, skew: 40e-6,
		floor: 60 * time.Microsecond, queue: 12 * time.Microsecond}
}

// run obeys the schedule until session time end.
func run(t testing.TB, e *Estimator, p *path, from, end SessionTime) SessionTime {
	t.Helper()
	at := max(from, e.Due())
	for ; at < end; at = max(at, e.Due()) {
		x := p.exchange(at)
		e.Sent(at)
		if err := e.Add(x); err != nil && !errors.As(err, new(*RejectError)) {
			t.Fatal(err)
		}
		checkHonest(t, e, p, x.T4)
	}
	return at
}

func checkHonest(t testing.TB, e *Estimator, p *path, at SessionTime) {
	t.Helper()
	est := e.Estimate(at)
	if est.State == Unsynced {
		t.Fatal("unsynced after an exchange")
	}
	if miss := (est.Offset - p.theta(at)).Abs(); miss > est.Hard+1 {
		t.Fatalf("at %v: error %v beyond the hard bound %v (99 %%: %v)", at.Sub(day0), miss, est.Hard, est.Bound)
	}
}

func TestBurstOnAWiredPath(t *testing.T) {
	for seed := range uint64(50) {
		e, p := NewEstimator(Config{Seed: seed}), wiredPath(seed)
		run(t, e, p, day0, day0.Add(500*time.Millisecond))
		at := day0.Add(500 * time.Millisecond)
		est := e.Estimate(at)
		if miss := (est.Offset - p.theta(at)).Abs(); miss > 20*time.Microsecond || est.Bound > 100*time.Microsecond || miss > est.Hard {
			t.Errorf("seed %d: error %v, bound %v, hard %v, state %v, %d exchanges", seed, miss, est.Bound, est.Hard, est.State, est.Exchanges)
		}
	}
}

func TestTrackingLearnsTheSkew(t *testing.T) {
	e, p := NewEstimator(Config{}), wiredPath(3)
	run(t, e, p, day0, day0.Add(10*time.Minute))
	est := e.Estimate(day0.Add(20 * time.Minute))
	if got := math.Abs(est.Skew - p.skew); got > 0.2e-6 {
		t.Errorf("skew is off by %g ppm", got*1e6)
	}
	if est.State != Holdover {
		t.Errorf("state is %v ten minutes after the last exchange", est.State)
	}
	if miss := (est.Offset - p.theta(day0.Add(20*time.Minute))).Abs(); miss > 200*time.Microsecond || miss > est.Bound {
		t.Errorf("after 600 s without an exchange: error %v, bound %v", miss, est.Bound)
	}
}

func TestStepIsFollowedWithinFiveExchanges(t *testing.T) {
	for _, step := range []time.Duration{200 * time.Microsecond, -200 * time.Microsecond, 5 * time.Millisecond, -time.Hour} {
		e, p := NewEstimator(Config{}), wiredPath(5)
		at := run(t, e, p, day0, day0.Add(time.Minute))
		epoch := e.Estimate(at).Map.Epoch
		p.offset += step
		for range 5 {
			at = max(at, e.Due())
			e.Sent(at)
			_ = e.Add(p.exchange(at))
		}
		est := e.Estimate(at)
		if miss := (est.Offset - p.theta(at)).Abs(); miss > 40*time.Microsecond || est.Map.Epoch == epoch {
			t.Errorf("step of %v: error %v five exchanges later, epoch %d, was %d", step, miss, est.Map.Epoch, epoch)
		}
	}
}

func TestMemory(t *testing.T) {
	if size := unsafe.Sizeof(Estimator{}); size > 16<<10 {
		t.Errorf("an Estimator takes %d bytes", size)
	}
}

func BenchmarkAdd(b *testing.B) {
	e, p := NewEstimator(Config{}), wiredPath(1)
	xs := make([]Exchange, 4096)
	for i := range xs {
		xs[i] = p.exchange(day0.Add(time.Duration(i) * time.Second))
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		x := xs[i%len(xs)]
		wrap := time.Duration(i/len(xs)) * time.Duration(len(xs)) * time.Second
		x.T1, x.T4 = x.T1.Add(wrap), x.T4.Add(wrap)
		x.T2, x.T3 = x.T2.Add(wrap), x.T3.Add(wrap)
		_ = e.Add(x)
		i++
	}
}

func TestAddDoesNotAllocate(t *testing.T) {
	e, p := NewEstimator(Config{}), wiredPath(1)
	at := run(t, e, p, day0, day0.Add(time.Minute))
	if n := testing.AllocsPerRun(1000, func() {
		at = at.Add(time.Second)
		e.Sent(at)
		_ = e.Add(p.exchange(at))
		_ = e.Add(Exchange{})
		e.Estimate(at)
		e.Due()
	}); n != 0 {
		t.Errorf("%g allocations per exchange", n)
	}
}
