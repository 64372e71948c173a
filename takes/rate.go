package takes

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// usualRates are those that editors know, in frames a second. Television's, a thousandth lower, aren't
// among them: no measured rate tells them apart.
var usualRates = []float64{24, 25, 30, 48, 50, 60, 100, 120}

// usualRate is that of a timeline whose devices told none.
const usualRate = 30

// rate is a number of frames a second in which the times of a timeline are counted.
type rate float64

// rateOf returns the rate that is nearest to what most of the recordings have; of
// several that as many have, the fastest.
func rateOf(placed []Recording) rate {
	votes := map[float64]int{}
	for _, r := range placed {
		if r.Report != nil && r.Report.FrameRate != nil && *r.Report.FrameRate > 0 {
			votes[nearest(*r.Report.FrameRate)]++
		}
	}
	best, most := float64(usualRate), 0
	for _, usual := range usualRates {
		if n := votes[usual]; n > 0 && n >= most {
			best, most = usual, n
		}
	}
	return rate(best)
}

// nearest returns the usual rate that is nearest to one.
func nearest(fps float64) float64 {
	return slices.MinFunc(usualRates, func(a, b float64) int { return cmp.Compare(math.Abs(a-fps), math.Abs(b-fps)) })
}

// frames counts the frames until so many milliseconds after time 0, rounded.
func (r rate) frames(ms float64) float64 { return math.Round(ms / 1000 * float64(r)) }

// between is the range of a clip, or of a gap: from time 0 of its own on, as many frames as
// lie between two times of the timeline in ms. Ranges that follow one another add up without an error.
func (r rate) between(from, to float64) *timeRange {
	return &timeRange{"TimeRange.1", r.time(0), r.time(r.frames(to) - r.frames(from))}
}

func (r rate) time(frames float64) *rationalTime {
	return &rationalTime{"RationalTime.1", double(r), double(frames)}
}

// timeOfDay is the time code of an instant: frames since midnight in UTC.
func (r rate) timeOfDay(at clock.SessionTime) *rationalTime {
	const day = 24 * time.Hour
	since := (time.Duration(at)%day + day) % day
	return r.time(r.frames(float64(since) / float64(time.Millisecond)))
}
