package clock

import "time"

// grids are the resolutions that are looked for in stamps, coarsest first:
// those of browsers (Safari and Firefox 1 ms, Chrome 100 µs or 5 µs, Firefox
// 20 µs) and the round ones between them.
var grids = [...]time.Duration{
	10 * time.Millisecond, time.Millisecond, 100 * time.Microsecond, 50 * time.Microsecond,
	20 * time.Microsecond, 10 * time.Microsecond, 5 * time.Microsecond, time.Microsecond,
}

// resolution finds the resolution of the device's clock: as told, or else the
// coarsest grid that all but a few stamps lie on, as seen from those before.
type resolution struct {
	told   time.Duration
	last   DeviceTime // T2 of the latest exchange
	begin  SessionTime
	coarse int             // exchanges whose T1 was off the coarsest grid
	off    [len(grids)]int // exchanges that were off each grid
	stamps int             // exchanges
}

// One exchange of garbage is off all grids, and so is the next as seen from it;
// of a finer clock more than every other one is.
const (
	seldom    = 4   // of so many exchanges, one may be off
	seenStamp = 240 // what was seen longer ago counts less
)

// see takes the stamps of one exchange in.
func (r *resolution) see(t1 SessionTime, t2, t3 DeviceTime) {
	if r.told > 0 {
		return
	}
	if r.stamps == 0 {
		r.last, r.begin = t2, t1
	}
	finest := grids[len(grids)-1]
	if r.stamps > 0 && t2.Sub(r.last).Abs() < finest && t3.Sub(r.last).Abs() < finest {
		return // the same stamps again tell of no grid
	}
	if r.stamps++; r.stamps > seenStamp {
		r.stamps /= 2
		for i := range r.off {
			r.off[i] /= 2
		}
	}
	if !onGrid(t1.Sub(r.begin), grids[0], grids[0]/6) {
		r.coarse++
	}
	fits := r.fits(t2, t3, finest) // all others are multiples of it
	for i, g := range grids {
		if !fits || !r.fits(t2, t3, g) {
			r.off[i]++
		}
	}
	r.last = t2
}

// lenient returns the coarsest resolution that the stamps seen so far and those
// of the exchange in hand don't rule out: what validation has to allow for.
func (r *resolution) lenient(t1 SessionTime, t2, t3 DeviceTime) time.Duration {
	c := *r
	c.see(t1, t2, t3)
	return max(c.viable(), time.Microsecond)
}

// viable returns the resolution. The coarsest one is taken for real only when
// exchanges began at other instants, too: pings that leave each second stay on
// any grid for as long as the clocks don't drift.
func (r *resolution) viable() time.Duration {
	if r.told > 0 {
		return r.told
	}
	for i, g := range grids {
		if r.off[i]*seldom > r.stamps || i == 0 && r.coarse < 4 {
			continue
		}
		return g
	}
	return 1
}

// value returns the resolution to reckon with.
func (r *resolution) value() time.Duration { return r.viable() }

// sure reports whether it is known, or enough stamps have agreed on it.
func (r *resolution) sure() bool { return r.told > 0 || r.stamps >= 4 }

// fits reports whether both stamps are on grid g as seen from the latest exchange, but for
// the rounding that they suffer as a float64 of milliseconds.
func (r *resolution) fits(t2, t3 DeviceTime, g time.Duration) bool {
	const slack = 20
	return onGrid(t2.Sub(r.last), g, slack) && onGrid(t3.Sub(r.last), g, slack)
}

// onGrid reports whether d is a multiple of g, give or take slack.
func onGrid(d, g, slack time.Duration) bool {
	m := d % g
	if m < 0 {
		m += g
	}
	return min(m, g-m) <= slack
}

// floors tells whether a browser's clock of resolution r is known to round
// down, until its stamps tell ([rounding]); the others round up and down at
// random, which is right in the mean.
func floors(r time.Duration) bool { return r == 20*time.Microsecond || r >= time.Millisecond }
