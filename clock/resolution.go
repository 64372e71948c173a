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
	finer  int // grids[:finer] are ruled out
	stamps int
}

// see takes the stamps of one exchange in.
func (r *resolution) see(t2, t3 DeviceTime) {
	if r.told > 0 || r.finer == len(grids) {
		return
	}
	if r.stamps == 0 {
		r.base = t2
	}
	r.stamps++
	for r.finer < len(grids) && !(onGrid(t2.Sub(r.base), grids[r.finer]) && onGrid(t3.Sub(r.base), grids[r.finer])) {
		r.finer++
	}
}

// lenient returns the coarsest resolution that the stamps seen so far and those
// of the exchange in hand don't rule out: what validation has to allow for.
func (r *resolution) lenient(t2, t3 DeviceTime) time.Duration {
	c := *r
	c.see(t2, t3)
	return max(c.viable(), time.Microsecond)
}

func (r *resolution) viable() time.Duration {
	switch {
	case r.told > 0:
		return r.told
	case r.finer < len(grids):
		return grids[r.finer]
	}
	return 1
}

// value returns the resolution to reckon with.
func (r *resolution) value() time.Duration { return r.viable() }

// sure reports whether it is known, or enough stamps have agreed on it.
func (r *resolution) sure() bool { return r.told > 0 || r.stamps >= 4 }

// onGrid reports whether d is a multiple of g, but for the rounding that a
// stamp suffers as a float64 of milliseconds.
func onGrid(d, g time.Duration) bool {
	m := d % g
	if m < 0 {
		m += g
	}
	return min(m, g-m) <= min(g/50, 20)
}

// floors tells whether a browser's clock of resolution r is known to round
// down, until its stamps tell ([rounding]); the others round up and down at
// random, which is right in the mean.
func floors(r time.Duration) bool { return r == 20*time.Microsecond || r >= time.Millisecond }
