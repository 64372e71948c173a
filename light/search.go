package light

import (
	"cmp"
	"math"
	"slices"
)

// A trial is a choice of what a fit looks for, and how far it is from what was seen.
type trial struct {
	at   [4]float64 // capture − stamp in the film's middle at the plan's row; rate − 1; exposure; readout
	cost float64    // mean square, white 1
}

// Limits of what is looked for, ms.
const (
	leastExposure = 0.05
	mostExposure  = 70
	mostReadout   = 45
	// outlier is the squared difference from which on it doesn't matter how wrong something is.
	outlier = 0.1
)

func allowed(at [4]float64) bool {
	return at[2] >= leastExposure && at[2] <= mostExposure && abs(at[3]) <= mostReadout && abs(at[1]) <= 0.01
}

// cost is the mean square between what every step-th frame saw and what it should have.
func (p *plan) cost(at [4]float64, step int) float64 {
	if !allowed(at) {
		return math.Inf(1)
	}
	sum, n := 0.0, 0
	var want [Bars + 1]float64
	for i := 0; i < len(p.frames); i += step {
		u := &p.frames[i]
		for b := range Bands {
			p.expect(u, b, at, &want)
			sum += u.squares(b, &want)
		}
		n += Bands * (Bars + 1)
	}
	return sum/float64(n) + p.rateWeight()*at[1]*at[1]
}

// rateWeight is what the square of a wrong rate costs: as much as the squares that are seen
// would by chance, where the rate is wrong by the skew that is usual.
func (p *plan) rateWeight() float64 {
	return correlated * usualSquare / float64(len(p.frames)*Bands*(Bars+1)) / (p.skew * p.skew)
}

// usualSquare is what noise leaves of the best fit.
const usualSquare = 4e-5

// expect tells what a band should see of each bar and the flash field. Rows that are next to
// upright share one window of exposure.
func (p *plan) expect(u *used, b int, at [4]float64, want *[Bars + 1]float64) {
	rows := &u.Rows[b]
	exposure, readout := at[2], at[3]
	middle := at[0] + (1+at[1])*u.stamp - readout*p.row
	clear(want[:])
	spread := readout * float64(u.Span) / 3
	if abs(readout*float64(rows[Bars]-rows[0])) <= 0.2 {
		p.shown.window(middle+readout*float64(rows[Bars/2]), exposure, spread, want)
		return
	}
	for c := range Bars + 1 {
		var own [Bars + 1]float64
		p.shown.window(middle+readout*float64(rows[c]), exposure, spread, &own)
		want[c] = own[c]
	}
}

// window adds what rows see that are exposed around an instant: where it matters, one third
// of them by spread earlier, and one later.
func (t *timetable) window(middle, exposure, spread float64, levels *[Bars + 1]float64) {
	if abs(spread) < 0.05 {
		t.seen(middle-exposure/2, middle+exposure/2, 1, levels)
		return
	}
	for _, m := range [3]float64{middle - spread, middle, middle + spread} {
		t.seen(m-exposure/2, m+exposure/2, 1.0/3, levels)
	}
}

// squares is the sum of squares in one band.
func (u *used) squares(b int, want *[Bars + 1]float64) (sum float64) {
	for c, w := range want {
		d := float64(u.Levels[b][c]) - w
		sum += min(d*d, outlier)
	}
	return sum
}

// search finds the best trial: for each of some exposures and readouts a coarse look around
// where the slots say, and the best of it refined. All of these are returned, the best first:
// where the film tells little they are far apart, and as good as each other.
func (p *plan) search() []trial {
	step := max(len(p.frames)/20, 1)
	var found []trial
	for _, exposure := range [3]float64{2, 7, 20} {
		for _, readout := range [4]float64{-15, 0, 10, 22} {
			best := trial{cost: math.Inf(1)}
			for a := -150.0; a <= 150; a += 3 {
				at := [4]float64{p.start + a, 0, exposure, readout}
				if c := p.cost(at, step); c < best.cost {
					best = trial{at, c}
				}
			}
			best = p.refine(best.at, p.sparse(), [4]bool{})
			best.cost = p.cost(best.at, 1)
			found = append(found, best)
		}
	}
	better := func(a, b trial) int { return cmp.Compare(a.cost, b.cost) }
	slices.SortFunc(found, better)
	for i := range 3 {
		found[i] = p.refine(found[i].at, 1, [4]bool{})
	}
	slices.SortFunc(found, better)
	return found
}

// sparse is which frames are looked at while there is still far to go.
func (p *plan) sparse() int { return max(len(p.frames)/60, 1) }

// nudges are small steps of what is looked for, by which slopes are taken.
func (p *plan) nudges() [4]float64 { return [4]float64{0.1, 0.1 / p.half, 0.2, 0.3} }

// refine walks downhill: by the slopes of all squares together (Levenberg and Marquardt), and
// where corners of the signal leave none, one parameter after the other. What is held stays.
func (p *plan) refine(at [4]float64, every int, held [4]bool) trial {
	best := trial{at, p.cost(at, every)}
	for range 4 {
		was := best.cost
		best = p.slide(best, every, held)
		best = p.step(best, every, held)
		if best.cost > was*0.9998 {
			break
		}
	}
	return best
}

// slide takes damped steps along the slopes.
func (p *plan) slide(best trial, every int, held [4]bool) trial {
	nudge, damping := p.nudges(), 1e-3
	for range 15 {
		m, g := p.slopes(best.at, every, held, nudge)
		moved := false
		for range 4 {
			next := best.at
			for d, s := range solve(m, g, damping) {
				next[d] += s * nudge[d]
			}
			next[2] = max(next[2], leastExposure)
			if c := p.cost(next, every); c < best.cost {
				moved = c < best.cost*0.99999
				best, damping = trial{next, c}, damping/5
				break
			}
			damping *= 8
		}
		if !moved {
			break
		}
	}
	return best
}

// slopes returns the normal equations around a trial, in units of nudges.
func (p *plan) slopes(at [4]float64, every int, held [4]bool, nudge [4]float64) (m [4][4]float64, g [4]float64) {
	var want [Bars + 1]float64
	n := 0
	var near [4][Bars + 1]float64
	for i := 0; i < len(p.frames); i += every {
		u := &p.frames[i]
		n += Bands * (Bars + 1)
		for b := range Bands {
			p.expect(u, b, at, &want)
			for d := range at {
				if !held[d] {
					moved := at
					moved[d] += nudge[d]
					p.expect(u, b, moved, &near[d])
				}
			}
			for c, w := range want {
				if r := float64(u.Levels[b][c]) - w; r*r < outlier {
					var j [4]float64
					for d := range j {
						if !held[d] {
							j[d] = near[d][c] - w
						}
					}
					gather(&m, &g, &j, r)
				}
			}
		}
	}
	if !held[1] {
		w := p.rateWeight() * float64(n) * nudge[1]
		m[1][1] += w * nudge[1]
		g[1] -= w * at[1]
	}
	return m, g
}

// gather adds one difference r and its slopes j to the normal equations.
func gather(m *[4][4]float64, g, j *[4]float64, r float64) {
	for d := range j {
		g[d] += j[d] * r
		for e := range j {
			m[d][e] += j[d] * j[e]
		}
	}
}

// solve returns the step that the damped normal equations ask for.
func solve(m [4][4]float64, g [4]float64, damping float64) (x [4]float64) {
	for d := range m {
		m[d][d] += damping*m[d][d] + 1e-9
	}
	for i := range 4 {
		for k := i + 1; k < 4; k++ {
			f := m[k][i] / m[i][i]
			for c := i; c < 4; c++ {
				m[k][c] -= f * m[i][c]
			}
			g[k] -= f * g[i]
		}
	}
	for i := 3; i >= 0; i-- {
		x[i] = g[i]
		for c := i + 1; c < 4; c++ {
			x[i] -= m[i][c] * x[c]
		}
		x[i] /= m[i][i]
	}
	return x
}

// step tries single parameters, by steps that shrink.
func (p *plan) step(best trial, every int, held [4]bool) trial {
	steps := p.nudges()
	for i := range steps {
		steps[i] *= 6
	}
	for range 7 {
		for d := range steps {
			if held[d] {
				continue
			}
			was := best
			for _, sign := range [2]float64{1, -1} {
				next := was.at
				next[d] += sign * steps[d]
				if c := p.cost(next, every); c < best.cost {
					best = trial{next, c}
				}
			}
			if best.cost == was.cost {
				steps[d] /= 2.5
			}
		}
	}
	return best
}
