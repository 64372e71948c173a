package light

import (
	"math"
	"slices"
)

// correlated is how much less the squares tell than as many independent ones: bands and
// bars of a frame share its references and its tone.
const correlated = 120

// chi99 is what the squares of one parameter grow by, in units of their variance, 99 times of 100.
const chi99 = 6.63

// leastSquare is what tone and blur leave of a level without any noise.
const leastSquare = 5e-5

// threshold is the cost up to which a trial may be the truth.
func (p *plan) threshold(best trial) float64 {
	n := float64(len(p.frames) * Bands * (Bars + 1))
	return best.cost + chi99*correlated*max(best.cost, leastSquare)/n
}

// rangeOf is how far one parameter may be from the best trial, to both sides, whatever the
// others are. The trial is replaced where a better one is met on the way.
func (p *plan) rangeOf(best *trial, d int, unit float64) (low, high float64) {
	for range 2 {
		met := *best
		low, high = p.profile(*best, d, unit, &met)
		if met.cost > best.cost*0.9998 {
			break
		}
		*best = p.refine(met.at, 1, [4]bool{})
	}
	return low, high
}

func (p *plan) profile(best trial, d int, unit float64, met *trial) (low, high float64) {
	most, held := p.threshold(best), [4]bool{}
	held[d] = true
	side := func(sign float64) float64 {
		from, so := best.at, 0.0 // what fitted one step before points to where the next may fit
		return unit * reach(0.05, 30, func(x float64) bool {
			at := from
			for i := range at {
				if so > 0 {
					at[i] = best.at[i] + (from[i]-best.at[i])*x/so
				}
			}
			at[d] = best.at[d] + sign*x*unit
			at[2] = max(at[2], leastExposure)
			t := p.refine(at, p.sparse(), held)
			t.cost = p.cost(t.at, 1)
			if t.cost < met.cost {
				*met = t
			}
			if t.cost <= most {
				from, so = t.at, x
			}
			return t.cost <= most
		})
	}
	return -side(-1), side(1)
}

// unseen is what the bound has for the part of the time between two refreshes into which no frame
// fell, ms: a camera whose rate goes evenly into the screen's sees the same part again and again.
// Exposure, readout and rate can be wrong together there, each by as much as the others make up
// for; the factors are from films of known truth.
func (p *plan) unseen(best trial) float64 {
	if len(p.shown.starts) < 2 {
		return 0
	}
	period := p.shown.starts[1] - p.shown.starts[0]
	phases := make([]float64, len(p.frames))
	for i := range p.frames {
		phases[i] = math.Mod(best.at[0]+p.frames[i].stamp-p.shown.starts[0], period) // the rate that was found may be as wrong as the rest
		if phases[i] < 0 {
			phases[i] += period
		}
	}
	slices.Sort(phases)
	gap := phases[0] + period - phases[len(phases)-1]
	for i := range phases[1:] {
		gap = max(gap, phases[i+1]-phases[i])
	}
	switch {
	case best.at[2] < 0.5*period: // most frames see no change at all
		return max(0.6*period, 0.8*gap)
	case gap > lockedPart*period && best.at[2] < 0.8*period:
		return 0.8 * gap
	case gap > lockedPart*period:
		return 0.25 * gap
	}
	rows := float64(p.frames[0].Span) * Bands
	return 0.4 * max(gap-(best.at[2]+abs(best.at[3])*rows)/2, 0) // half, since what was found of them may be too large itself
}

// lockedPart is from which part on a gap means that camera and screen go in step. All frames then
// see one refresh alike, and the film may tell next to nothing of where in it.
const lockedPart = 0.4

// widen takes what else may be the truth into a range of the capture in the film's middle.
func (p *plan) widen(best trial, others []trial, low, high float64) (float64, float64) {
	most := p.threshold(best)
	for _, t := range others {
		if t.cost <= most {
			low, high = min(low, t.at[0]-best.at[0]), max(high, t.at[0]-best.at[0])
		}
	}
	return low, high
}

// around returns the plan and the trials in terms of another row: at[0] is its capture then.
func (p *plan) around(trials []trial, row float64) (*plan, []trial) {
	q := *p
	q.row = row
	trials = slices.Clone(trials)
	for i := range trials {
		trials[i].at[0] += trials[i].at[3] * (row - p.row)
	}
	return &q, trials
}

// reach returns the distance up to which something holds, by doubled steps from least on up
// to most, and then halves.
func reach(least, most float64, holds func(float64) bool) float64 {
	good, bad := 0.0, least
	for bad < most && holds(bad) {
		good, bad = bad, bad*2
	}
	for range 4 {
		if middle := (good + bad) / 2; holds(middle) {
			good = middle
		} else {
			bad = middle
		}
	}
	return bad
}
