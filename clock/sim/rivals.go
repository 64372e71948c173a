package sim

import (
	"math"
	"slices"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Rivals returns the algorithms that other systems use, written from their
// description, by name. They give no bounds of their own.
func Rivals() map[string]func() Filter {
	return map[string]func() Filter{
		"min-rtt-8":  func() Filter { return &minRTT{recent: recent{size: 8}} },
		"min-rtt-60": func() Filter { return &minRTT{recent: recent{size: 60}} },
		"median-100": func() Filter { return &median{recent: recent{size: 100}} },
		"regression": func() Filter { return &regression{recent: recent{size: 900}} },
		"kalman":     func() Filter { return &kalman{} },
	}
}

// recent keeps the last exchanges.
type recent struct {
	x    []clock.Exchange
	size int
}

// Add takes an exchange in.
func (r *recent) Add(x clock.Exchange) error {
	if len(r.x) == r.size {
		r.x = slices.Delete(r.x, 0, 1)
	}
	r.x = append(r.x, x)
	return nil
}

// minRTT takes the offset of the exchange with the least delay (timing-provider,
// and most home-made ones).
type minRTT struct{ recent }

// Offset returns the estimate; without a drift it is the same at all times.
func (m *minRTT) Offset(clock.SessionTime) (offset, bound, hard time.Duration) {
	if len(m.x) == 0 {
		return 0, 0, 0
	}
	best := slices.MinFunc(m.x, func(a, b clock.Exchange) int { return int(a.Delay() - b.Delay()) })
	return best.Offset(), 0, 0
}

// median takes the median of the offsets.
type median struct{ recent }

// Offset returns the estimate.
func (m *median) Offset(clock.SessionTime) (offset, bound, hard time.Duration) {
	if len(m.x) == 0 {
		return 0, 0, 0
	}
	all := make([]time.Duration, len(m.x))
	for i, x := range m.x {
		all[i] = x.Offset()
	}
	slices.Sort(all)
	return all[len(all)/2], 0, 0
}

// regression is a least-squares line through the offsets of the last 900,
// weighted by the inverse square of the delay in excess of the least.
type regression struct{ recent }

// Offset returns the line's value.
func (r *regression) Offset(at clock.SessionTime) (offset, bound, hard time.Duration) {
	if len(r.x) == 0 {
		return 0, 0, 0
	}
	least := slices.MinFunc(r.x, func(a, b clock.Exchange) int { return int(a.Delay() - b.Delay()) }).Delay()
	base := r.x[0].Offset()
	var sw, st, sy, stt, sty float64
	for _, x := range r.x {
		d := float64(x.Delay()-least) + 50e3
		w, t, y := 1/(d*d), x.T4.Sub(at).Seconds(), float64(x.Offset()-base)
		sw, st, sy, stt, sty = sw+w, st+w*t, sy+w*y, stt+w*t*t, sty+w*t*y
	}
	if det := sw*stt - st*st; det > 1e-9*sw*stt && len(r.x) > 20 {
		return base + time.Duration((stt*sy-st*sty)/det), 0, 0
	}
	return base + time.Duration(sy/sw), 0, 0
}

// kalman follows offset and drift, the measurement's variance taken from the delay.
type kalman struct {
	base          time.Duration
	last          clock.SessionTime
	least         time.Duration
	theta, drift  float64 // ns, ns/s
	p00, p01, p11 float64
	n             int
}

// Add takes an exchange in.
func (k *kalman) Add(x clock.Exchange) error {
	if k.n++; k.n == 1 {
		k.base, k.last, k.least = x.Offset(), x.T4, x.Delay()
		k.p00, k.p11 = math.Pow(float64(x.Delay()), 2), 50e3*50e3
		return nil
	}
	k.predict(x.T4.Sub(k.last).Seconds())
	k.last, k.least = x.T4, min(k.least, x.Delay())
	sd := float64(x.Delay()-k.least)/2 + 20e3
	s := k.p00 + sd*sd
	k0, k1 := k.p00/s, k.p01/s
	miss := float64(x.Offset()-k.base) - k.theta
	k.theta, k.drift = k.theta+k0*miss, k.drift+k1*miss
	k.p00, k.p01, k.p11 = (1-k0)*k.p00, (1-k0)*k.p01, k.p11-k1*k.p01
	return nil
}

func (k *kalman) predict(dt float64) {
	const noise = 10.0 * 10.0 // (ns/s)² per s
	k.theta += k.drift * dt
	k.p00 += 2*dt*k.p01 + dt*dt*k.p11 + noise*dt*dt*dt/3
	k.p01 += dt*k.p11 + noise*dt*dt/2
	k.p11 += noise * dt
}

// Offset returns the prediction.
func (k *kalman) Offset(at clock.SessionTime) (offset, bound, hard time.Duration) {
	return k.base + time.Duration(k.theta+k.drift*at.Sub(k.last).Seconds()), 0, 0
}
