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
// coarsest grid that all stamps so far lie on.
type resolution struct {
	told   time.Duration
	base   DeviceTime
	begin  SessionTime
	coarse int // exchanges whose T1 was off the coarsest grid
	finer  int // grids[:finer] are ruled out
	stamps int
}

// see takes the stamps of one exchange in.
func (r *resolution) see(t1 SessionTime, t2, t3 DeviceTime) {
	if r.told > 0 || r.finer == len(grids) {
		return
	}
	if r.stamps == 0 {
		r.base, r.begin = t2, t1
	}
	r.stamps++
	if !onGrid(t1.Sub(r.begin), grids[0], grids[0]/6) {
		r.coarse++
	}
	for r.finer < len(grids) && !(r.fits(t2) && r.fits(t3)) {
		r.finer++
	}
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
	switch {
	case r.told > 0:
		return r.told
	case r.finer == 0 && r.coarse < 4:
		return grids[1]
	case r.finer < len(grids):
		return grids[r.finer]
	}
	return 1
}

// value returns the resolution to reckon with.
func (r *resolution) value() time.Duration { return r.viable() }

// sure reports whether it is known, or enough stamps have agreed on it.
func (r *resolution) sure() bool { return r.told > 0 || r.stamps >= 4 }

// fits reports whether t is on the present grid, but for the rounding that a
// stamp suffers as a float64 of milliseconds.
func (r *resolution) fits(t DeviceTime) bool {
	g := grids[r.finer]
	return onGrid(t.Sub(r.base), g, min(g/50, 20))
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
