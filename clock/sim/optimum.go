package sim

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Optimum is the best that can be made of the exchanges of a window by a filter that knows how
// the queues of the path are distributed, and takes the clock to be steady meanwhile: the mean of
// the offset over all skews and floors, each as likely as the exchanges make it. It states no
// bounds, is slow, and knows near which skew to look.
type Optimum struct {
	World  *World
	Queues *Queues
	Window time.Duration
	seen   []clock.Exchange
}

// Add takes an exchange in.
func (o *Optimum) Add(x clock.Exchange) error {
	o.seen = append(o.seen, x)
	return nil
}

// Offset returns the mean.
func (o *Optimum) Offset(at clock.SessionTime) (offset, bound, hard time.Duration) {
	truth, skew := o.World.Offset(at), o.World.Skew(at)
	var d [2]delays // against a clock that is right now and has the right skew
	for i := len(o.seen) - 1; i >= 0 && at.Sub(o.seen[i].T4) < o.Window; i-- {
		x := o.seen[i]
		t1, t4 := float64(x.T1.Sub(at)), float64(x.T4.Sub(at))
		d[0].add(t1, float64(x.Forward()-truth)-skew*t1)
		d[1].add(t4, float64(x.Backward()+truth)+skew*t4)
	}
	return truth + time.Duration(o.mean(&d)), 0, 0
}

// mean returns the mean of the offset over the skews, less the true one.
func (o *Optimum) mean(d *[2]delays) float64 {
	const nodes = 12
	width := o.width(d)
	var theta, logp [2*nodes + 1]float64
	top := math.Inf(-1)
	for k := range theta {
		theta[k], logp[k] = o.given(d, width*float64(k-nodes)/nodes)
		top = max(top, logp[k])
	}
	var sum, all float64
	for k, l := range logp {
		p := math.Exp(l - top)
		sum, all = sum+p*theta[k], all+p
	}
	return sum / all
}

// width returns by how much a skew may differ from the true one and still be likely.
func (o *Optimum) width(d *[2]delays) float64 {
	const unlikely = 9 // in the logarithm
	width := 100e-6
	_, best := o.given(d, 0)
	for ; width > 1e-10; width /= 1.3 {
		_, lo := o.given(d, -width)
		_, hi := o.given(d, width)
		if max(lo, hi) > best-unlikely {
			break
		}
	}
	return 1.3 * width
}

// given returns the mean of the offset for a skew that differs from the true one by more, and
// the logarithm of how likely that skew is.
func (o *Optimum) given(d *[2]delays, more float64) (theta, logp float64) {
	a, p := d[0].floor(&o.Queues[0], more)
	b, q := d[1].floor(&o.Queues[1], -more)
	return (a - b) / 2, p + q
}

// delays are those of one direction, y at t, in ns.
type delays struct{ t, y []float64 }

func (d *delays) add(t, y float64) { d.t, d.y = append(d.t, t), append(d.y, y) }

// floor returns the mean of the floor at time 0 for a skew, and the logarithm of the
// integral over all floors.
func (d *delays) floor(f *density, skew float64) (mean, logp float64) {
	const least, most, step, unlikely = 20.0, 20e6, 1.35, 20
	low := math.Inf(1)
	for i, y := range d.y {
		low = min(low, y-skew*d.t[i])
	}
	var sum, all float64
	top := math.Inf(-1)
	for gap := least; gap < most; gap *= step {
		p := math.Log(gap)
		for i, y := range d.y {
			p += f[binOf(y-skew*d.t[i]-low+gap)]
		}
		if p < top-unlikely {
			break
		}
		if p > top {
			sum, all, top = sum*math.Exp(top-p), all*math.Exp(top-p), p
		}
		sum, all = sum+math.Exp(p-top)*gap, all+math.Exp(p-top)
	}
	return low - sum/all, top + math.Log(all)
}

// Queues are the distributions of both directions' queues.
type Queues [2]density

// density is the logarithm of a density, by the logarithm of the delay.
type density [400]float64

const (
	finest = 50.0 // ns: the first bins are a twentieth of this
	perE   = 20.0 // bins for each factor of e
)

func binOf(ns float64) int    { return min(int(math.Log1p(ns/finest)*perE), len(density{})-1) }
func startOf(bin int) float64 { return finest * math.Expm1(float64(bin)/perE) }

// LearnQueues draws the queues of p often enough to know them.
func LearnQueues(p Profile) *Queues {
	const n = 1 << 19
	q := p.Queue()
	var out Queues
	for dir := range out {
		rng := rand.New(rand.NewPCG(7, uint64(dir)))
		all := make([]float64, n)
		for i := range all {
			all[i] = q[dir](rng, 10*float64(i), 1) * 1e6
		}
		slices.Sort(all)
		var count density
		for _, x := range all {
			count[binOf(x)]++
		}
		for i, c := range count {
			out[dir][i] = math.Log((c + 0.1) / (n * (startOf(i+1) - startOf(i))))
		}
	}
	return &out
}
