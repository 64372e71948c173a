package clock

import (
	"math"
	"slices"
)

// trips are the delays of the last exchanges (at t, both in ns).
type trips struct {
	t, y [keepRecent]float64
	next int
	n    int
}

func (r *trips) add(t, y float64) {
	r.t[r.next], r.y[r.next] = t, y
	r.next = (r.next + 1) % len(r.y)
	r.n = min(r.n+1, len(r.y))
}

func (r *trips) least() float64 { return slices.Min(r.y[:r.n]) }

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
