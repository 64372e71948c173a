package light

import (
	"math"
	"slices"

	"github.com/downbeat-sync/downbeat/clock"
)

// What a film may be, where it can't be placed.
const (
	NoFrames     Verdict = "the film has no frames"
	TooFewSeen   Verdict = "the light was read in too few frames"
	NotOneTime   Verdict = "the stamps don't go with the light: the film was cut, slowed or sped up, or it shows a film of a light"
	NotThisTime  Verdict = "the light is of another session, or of another time"
	NoRefreshes  Verdict = "the screen's refreshes couldn't be read: the film is too short, or its exposures too long"
	NotExplained Verdict = "what the film saw isn't what a light of that time shows: the screen left refreshes out, or the film blends its frames"
)

// Bounds of a Film's frames.
const (
	fewest   = 8   // frames in which the light was read
	mostUsed = 240 // frames that a fit looks at, spread over the film
)

// A Film collects what was read of frames, with their stamps. It isn't safe for concurrent use.
type Film struct {
	stamps   []float64
	seen     []Sighting
	verdicts map[Verdict]int
}

// Add takes the next frame's stamp, in ms of any one clock, and what was read of it.
func (f *Film) Add(stamp float64, s Sighting) {
	f.stamps = append(f.stamps, stamp)
	f.seen = append(f.seen, s)
	if s.Verdict != "" {
		if f.verdicts == nil {
			f.verdicts = map[Verdict]int{}
		}
		f.verdicts[s.Verdict]++
	}
}

// A Fit places a film on session time. Times and bounds are in ms; bounds are of 99 %.
type Fit struct {
	Verdict Verdict `json:"verdict,omitempty"` // why there is no answer; then the rest but the counts is zero
	Why     Verdict `json:"why,omitempty"`     // what most of the frames were that couldn't be read

	Frames int `json:"frames"`
	Read   int `json:"read"` // frames in which the light was read

	// The frame of a stamp was captured, middle of the exposure of the middle row, at
	// Offset + Rate · (stamp − Middle), to within Bound in the film's middle, and at
	// its ends to within RateBound · (stamp − Middle) more.
	Middle    float64 `json:"middle"`
	Offset    float64 `json:"offset"`
	Bound     float64 `json:"boundMs"`
	Rate      float64 `json:"rate"`
	RateBound float64 `json:"rateBound"`

	// Latency is by how much stamps are later than captures at the least, where stamps are
	// session time, to within LatencyBound. Jitter is by how much more, 19 times of 20.
	Latency      float64 `json:"latencyMs"`
	LatencyBound float64 `json:"latencyBoundMs"`
	Jitter       float64 `json:"jitterMs"`
	// Uneven: frames come at no fixed rate, so that Latency rests on each frame by itself.
	Uneven bool `json:"uneven,omitempty"`

	Exposure float64 `json:"exposureMs"`
	Readout  float64 `json:"readoutMs"` // from the first row of the frame to the last
	// ReadoutBound is how wrong Readout may be.
	ReadoutBound float64 `json:"readoutBoundMs"`
	Mirrored     bool    `json:"mirrored,omitempty"`
	Misfit       float64 `json:"misfit"` // root of the mean square between seen and expected, white 1
}

// At returns when the frame of a stamp was captured, and how wrong that may be, in ms.
func (f Fit) At(stamp float64) (capture, bound float64) {
	d := stamp - f.Middle
	return f.Offset + f.Rate*d, f.Bound + f.RateBound*abs(d)
}

// Known is what is known without the film.
type Known struct {
	Near     clock.SessionTime // session time at the first frame, to within half of Ambiguity
	Emission float64           // how wrong the light itself may be, ms
	Skew     float64           // how fast or slow the clock of the stamps usually is; 0: SkewOfFiles
}

// How fast or slow clocks usually are.
const (
	SkewOfArrivals = 1e-5 // stamps in session time
	SkewOfFiles    = 1e-4 // times within a file
)

// Fit places the film.
func (f *Film) Fit(known Known) Fit {
	fit := Fit{Frames: len(f.stamps)}
	if len(f.stamps) == 0 {
		fit.Verdict = NoFrames
		return fit
	}
	fit.Why = f.why()
	p, v := f.plan(known)
	fit.Read = len(p.frames)
	if v != "" {
		fit.Verdict = v
		return fit
	}
	fit.Mirrored = p.mirrored
	found, raw, uneven := p.search(), p, true
	if even, ok := p.even(); ok {
		if b := even.search(); b[0].cost <= mostWorse*found[0].cost {
			found, p, uneven = b, even, false
		}
	}
	if p.conclude(found, known.Emission, &fit); fit.Verdict != "" {
		return fit
	}
	if fit.Uneven = uneven; uneven && fit.Exposure < p.shown.starts[1]-p.shown.starts[0] {
		fit.Bound += p.shown.starts[1] - p.shown.starts[0] // nothing ties frames of short exposures together
	}
	p.envelope(raw, found[0], &fit)
	return fit
}

// mostWorse is how much worse than with the stamps as they are a fit may be with even ones. A short
// exposure that goes in step with the screen fits anything, also what delay makes of the stamps.
const mostWorse = 3

// why returns the commonest verdict on frames.
func (f *Film) why() (most Verdict) {
	for v, n := range f.verdicts {
		if most == "" || n > f.verdicts[most] || n == f.verdicts[most] && v < most {
			most = v
		}
	}
	return most
}

// conclude fills in what was found.
func (p *plan) conclude(trials []trial, emission float64, fit *Fit) {
	best := trials[0]
	fit.Misfit = math.Sqrt(best.cost)
	if fit.Misfit > mostMisfit {
		fit.Verdict = NotExplained
		return
	}
	middle, at := p.around(trials, 0)
	low, high := middle.rangeOf(&at[0], 0, 1)
	low, high = middle.widen(at[0], at[1:], low, high)
	_, back := middle.around(at[:1], p.row)
	best = back[0]
	fit.Misfit = math.Sqrt(best.cost)
	readLow, readHigh := p.rangeOf(&best, 3, 1)
	rateLow, rateHigh := p.rangeOf(&best, 1, 1/p.half)
	offset := at[0].at[0] + (low+high)/2
	fit.Exposure, fit.Readout = best.at[2], best.at[3]+(readLow+readHigh)/2
	fit.ReadoutBound = (readHigh - readLow) / 2
	fit.Bound = (high-low)/2 + floorBound + 0.01*fit.Exposure + p.unseen(best) + emission
	fit.Rate, fit.RateBound = 1+best.at[1], max(rateHigh, -rateLow, 1e-6)
	fit.Middle, fit.Offset = p.middle, p.origin+offset
}

const (
	// mostMisfit is what a film is that has nothing to do with its light.
	mostMisfit = 0.2
	// floorBound is what no fit sees: a Grid counts in eighths of a millisecond, ms.
	floorBound = 0.15
)

// envelope finds by how much stamps are later than captures at the least. How far apart the
// least of them are adds to the bound, since it may be that none came without delay.
func (p *plan) envelope(raw *plan, best trial, fit *Fit) {
	lags := make([]float64, len(raw.frames))
	for i := range raw.frames {
		capture, _ := fit.At(p.frames[i].stamp + p.middle)
		if fit.Uneven {
			capture += p.shift(&p.frames[i], best)
		}
		lags[i] = raw.frames[i].stamp + raw.middle - capture
	}
	slices.Sort(lags)
	least := 0
	fit.LatencyBound = fit.Bound + lags[2] - lags[0]
	if fit.Uneven { // the least of noisy lags is too small
		least = len(lags) / 20
		fit.LatencyBound = fit.Bound + lags[len(lags)/2] - lags[0]
	}
	fit.Latency = lags[least]
	fit.Jitter = lags[len(lags)*95/100] - lags[least]
}

// shift is by how much later than the trial says a frame was captured, by the frame alone.
func (p *plan) shift(u *used, t trial) float64 {
	least, at := math.Inf(1), 0.0
	for d := -12.0; d <= 12; d += 0.25 {
		sum := 0.0
		moved := t.at
		moved[0] += d
		var want [Bars + 1]float64
		for b := range Bands {
			p.expect(u, b, moved, &want)
			sum += u.squares(b, &want)
		}
		if sum < least-1e-9 || sum <= least+1e-9 && abs(d) < abs(at) {
			least, at = sum, d
		}
	}
	return at
}
