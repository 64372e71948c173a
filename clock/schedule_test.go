package clock

import (
	"slices"
	"testing"
	"time"
)

// instants obeys the schedule for span and returns when pings left, from the
// beginning. answer says whether the i-th is answered.
func instants(e *Estimator, p *path, span time.Duration, answer func(i int) bool) []time.Duration {
	var out []time.Duration
	end := day0.Add(span)
	for at := max(day0, e.Due()); at < end; at = max(at, e.Due()) {
		e.Sent(at)
		if answer(len(out)) {
			_ = e.Add(p.exchange(at))
		}
		out = append(out, at.Sub(day0))
	}
	return out
}

func always(int) bool { return true }
func never(int) bool  { return false }

// volleys returns when groups of pings began, and how many each has.
func volleys(at []time.Duration) (begin []time.Duration, size []int) {
	for i, t := range at {
		if i == 0 || t-at[i-1] > volleyEnd {
			begin, size = append(begin, t), append(size, 0)
		}
		size[len(size)-1]++
	}
	return begin, size
}

func TestScheduleOfAQuietPath(t *testing.T) {
	e := NewEstimator(Config{Seed: 1})
	if e.Due() != 0 {
		t.Fatal("the first ping isn't due at once")
	}
	at := instants(e, wiredPath(1), 3*time.Minute, always)
	begin, size := volleys(at)
	if size[0] < burstLeast || size[0] > burstMost {
		t.Errorf("%d pings at joining", size[0])
	}
	for i := 1; i < size[0]; i++ {
		if gap := at[i] - at[i-1]; gap < burstGap || gap > burstGap*3/2 {
			t.Errorf("ping %d after %v", i, gap)
		}
	}
	for i, want := range []time.Duration{time.Second / 2, time.Second, 2 * time.Second} {
		if gap := begin[i+1] - begin[i]; gap < want*4/5 || gap > want*6/5+time.Second/2 || size[i+1] != volleyMost {
			t.Errorf("volley %d after %v, want about %v, of %d", i+1, gap, want, size[i+1])
		}
	}
	if most := slices.Max(size[4:]); most > 1 {
		t.Errorf("%d pings at once though no radio sleeps", most)
	}
	minute := func(n time.Duration) (pings int) {
		for _, d := range at {
			if d/time.Minute == n {
				pings++
			}
		}
		return pings
	}
	if first, third := minute(0), minute(2); first > 100 || third > 15 {
		t.Errorf("%d pings in the first minute, %d in the third", first, third)
	}
}

// Where the first ping after a silence has to wake a radio, the others follow at once.
func TestScheduleOfASleepyPath(t *testing.T) {
	e, p := NewEstimator(Config{Seed: 1}), wiredPath(1)
	quick, last := p.floor, SessionTime(0)
	var at []time.Duration
	for now := day0; now < day0.Add(3*time.Minute); now = max(now, e.Due()) {
		p.floor = quick
		if now.Sub(last) > 200*time.Millisecond {
			p.floor += time.Duration(p.rng.Int64N(int64(100 * time.Millisecond)))
		}
		x := p.exchange(now)
		e.Sent(now)
		_ = e.Add(x)
		last = x.T4
		at = append(at, now.Sub(day0))
	}
	_, size := volleys(at)
	for i, n := range size[1 : len(size)-1] {
		if n != volleyMost {
			t.Errorf("volley %d of %d has %d pings", i+1, len(size), n)
		}
	}
}

func TestScheduleIsRepeatable(t *testing.T) {
	one := instants(NewEstimator(Config{Seed: 9}), wiredPath(2), time.Minute, always)
	if two := instants(NewEstimator(Config{Seed: 9}), wiredPath(2), time.Minute, always); !slices.Equal(one, two) {
		t.Error("the same seed pings at other instants")
	}
	if other := instants(NewEstimator(Config{Seed: 10}), wiredPath(2), time.Minute, always); slices.Equal(one, other) {
		t.Error("another seed pings at the same instants")
	}
}

func TestScheduleWithoutAnswers(t *testing.T) {
	at := instants(NewEstimator(Config{}), wiredPath(1), time.Hour, never)
	_, size := volleys(at)
	if size[0] != burstMost {
		t.Errorf("%d pings at joining, want %d", size[0], burstMost)
	}
	if n := len(at) - burstMost; n < 300 || n > 1200 {
		t.Errorf("%d pings in an hour without an answer", n)
	}
}

// A command's burst is sent where it makes the bound less: over a path with much queueing.
func TestScheduleOfACommand(t *testing.T) {
	e, p := NewEstimator(Config{}), busyPath(1)
	command := day0.Add(100 * time.Second)
	e.Burst(command)
	e.Burst(command) // again: the same window
	at := instants(e, p, 2*time.Minute, always)
	n := 0
	for _, t := range at {
		if t > 99*time.Second && t < 100*time.Second {
			n++
		}
		if d := 100*time.Second - t; d > 0 && d < 5*time.Millisecond {
			n += 100 // its answer would come too late
		}
	}
	if n < 8 || n > 20 {
		t.Errorf("%d pings right before the command", n)
	}
}

// busyPath is wiredPath with more queueing, so that bursts pay.
func busyPath(seed uint64) *path {
	p := wiredPath(seed)
	p.queue = time.Millisecond
	return p
}

// A bound that is good gets no burst: a command to a thousand devices on a wire costs no ping.
func TestNoBurstWhereTheBoundIsGood(t *testing.T) {
	asked := NewEstimator(Config{})
	for s := range 4 {
		asked.Burst(day0.Add(time.Duration(100+s) * time.Second))
	}
	with := instants(asked, wiredPath(1), 2*time.Minute, always)
	without := instants(NewEstimator(Config{}), wiredPath(1), 2*time.Minute, always)
	if !slices.Equal(with, without) {
		t.Errorf("%d pings with bursts asked for, %d without", len(with), len(without))
	}
}

func TestScheduleKeepsFourCommands(t *testing.T) {
	e := NewEstimator(Config{})
	for _, s := range []int{50, 20, 40, 10, 30, 60} {
		e.Burst(day0.Add(time.Duration(s) * time.Second))
	}
	at := instants(e, busyPath(1), 70*time.Second, always)
	for _, s := range []int{10, 20, 30, 40} {
		want, n := time.Duration(s)*time.Second, 0
		for _, d := range at {
			if d < want && d > want-400*time.Millisecond {
				n++
			}
		}
		if n < 8 {
			t.Errorf("%d pings right before %v", n, want)
		}
	}
}

func TestScheduleOnSurprise(t *testing.T) {
	e, p := NewEstimator(Config{}), wiredPath(1)
	at := run(t, e, p, day0, day0.Add(time.Minute))
	p.offset += 300 * time.Microsecond
	e.Sent(at)
	_ = e.Add(p.exchange(at))
	if gap := e.Due().Sub(at); gap > 15*time.Millisecond {
		t.Errorf("the next ping after a surprise is due in %v", gap)
	}
}

func TestResetBeginsAgain(t *testing.T) {
	e, p := NewEstimator(Config{}), wiredPath(1)
	at := run(t, e, p, day0, day0.Add(2*time.Minute))
	before := e.Estimate(at)
	e.Reset()
	if est := e.Estimate(at); est.State != Unsynced || est.Map.Valid || est.Exchanges != before.Exchanges {
		t.Errorf("after a reset: %+v", est)
	}
	p.offset += time.Hour
	at = run(t, e, p, at, at.Add(300*time.Millisecond))
	est := e.Estimate(at)
	if est.Map.Epoch == before.Map.Epoch || (est.Offset-p.theta(at)).Abs() > 40*time.Microsecond {
		t.Errorf("error %v, epoch %d after %d", est.Offset-p.theta(at), est.Map.Epoch, before.Map.Epoch)
	}
	if d := est.Skew - before.Skew; d > 3e-6 || d < -3e-6 {
		t.Errorf("the skew was forgotten: %g, was %g", est.Skew, before.Skew)
	}
}

// A clock that drifts faster than any should steps all the time; it isn't
// pinged all the time for that.
func TestScheduleOfAWildClock(t *testing.T) {
	p := wiredPath(1)
	p.skew = 5e-3
	at := instants(NewEstimator(Config{}), p, 5*time.Minute, always)
	if len(at) > 1500 {
		t.Errorf("%d pings in five minutes", len(at))
	}
}
