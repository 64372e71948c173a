package clock

import "math"

// trips are the delays of the last exchanges (at t, both in ns).
type trips struct {
	t, y [keepRecent]float64
	next int
	n    int

	idle, awake meanWait // beyond the least after a silence, and right behind another
}

// meanWait is a mean of the last few waits, in ns.
type meanWait struct{ mean, n float64 }

const (
	waitMost = 100e6 // ns: a longer one counts as this
	waits    = 8     // that count
	silence  = 250e6 // ns: a radio may sleep then
	sleepyBy = 300e3 // ns
)

func (w *meanWait) add(y float64) {
	w.n = min(w.n+1, waits)
	w.mean += (min(y, waitMost) - w.mean) / w.n
}

// add takes in an exchange; least is the least delay so far.
func (r *trips) add(t, y, least float64) {
	if r.n > 0 {
		if last := r.t[(r.next+len(r.t)-1)%len(r.t)]; t-last > silence {
			r.idle.add(y - least)
		} else {
			r.awake.add(y - least)
		}
	}
	r.t[r.next], r.y[r.next] = t, y
	r.next = (r.next + 1) % len(r.y)
	r.n = min(r.n+1, len(r.y))
}

// sleepy reports whether exchanges after a silence take longer than those right
// behind another, or isn't known to be otherwise: a radio that sleeps has to be woken.
func (r *trips) sleepy() bool { return r.idle.n < 2 || r.idle.mean > 3*r.awake.mean+sleepyBy }

// least returns the least of the last ones that are compared.
func (r *trips) least() float64 {
	y := math.Inf(1)
	for i := range min(r.n, compared) {
		y = min(y, r.y[(r.next+len(r.y)-1-i)%len(r.y)])
	}
	return y
}

// rising reports whether the delays grow steadily: a buffer is filling up. Then
// the least of one way may be far above its floor.
func (r *trips) rising() bool {
	const (
		enough = 8
		steep  = 1e6 // ns in all
		steady = 0.7 // square of the correlation with time: beyond chance in 8
	)
	if r.n < enough {
		return false
	}
	var st, sy, stt, sty, syy float64
	for i := range r.n {
		t, y := r.t[i]-r.t[0], r.y[i]-r.y[0]
		st, sy, stt, sty, syy = st+t, sy+y, stt+t*t, sty+t*y, syy+y*y
	}
	n := float64(r.n)
	stt, sty, syy = stt-st*st/n, sty-st*sy/n, syy-sy*sy/n
	spread := math.Sqrt(12 * stt / n) // of t, were it even
	return sty > 0 && sty*sty > steady*stt*syy && sty/stt*spread > steep
}
