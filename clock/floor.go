package clock

import "math"

// Of the lowest points so many are looked at: for the shape of the queueing, for
// their spacings.
const (
	lowest = 16
	spaced = 7
)

// floor describes the low end of an envelope at one instant.
type floor struct {
	y       float64 // lowest point, carried to the instant, slack included
	age     float64 // of that point, ns
	spacing float64 // mean spacing of the lowest points: queueing / number
	err     float64 // 99.5 %: how far y is above the true floor, the queueing being exponential
	whole   float64 // the highest of the lowest points less the lowest; 0 while there are too few
	spread  float64 // the same, as expected while there are too few, and without what is of another time
	mid     float64 // mean height of those between, as part of the spread
}

// guess returns a height above the floor that the lowest points are likely below
// the next time, too.
func (f *floor) guess() float64 {
	if f.whole == 0 {
		return math.Inf(1)
	}
	return 1.15*f.whole + f.spacing
}

// lows keeps the lowest heights, in order, and the age of the very lowest.
type lows struct {
	y   [lowest]float64
	n   int
	top float64 // what doesn't belong to them
	age float64
}

// offer takes y in if it belongs to the lowest.
func (l *lows) offer(y, age float64) {
	if y >= l.top {
		return
	}
	l.n = min(l.n+1, lowest)
	i := l.n - 1
	for ; i > 0 && l.y[i-1] > y; i-- {
		l.y[i] = l.y[i-1]
	}
	l.y[i] = y
	if l.n == lowest {
		l.top = l.y[lowest-1]
	}
	if i == 0 {
		l.age = age
	}
}

// farApart is how many spacings of a few of the lowest all of them are spread over
// at most: higher ones are of another time, when the path was busy.
const farApart = 3

func (l *lows) floor() floor {
	f := floor{y: l.y[0], age: l.age}
	if n := min(l.n, spaced); n > 1 {
		f.spacing = (l.y[n-1] - l.y[0]) / float64(n-1)
		f.err = f.spacing * quantileF[n-1]
	}
	if whole := l.y[l.n-1] - l.y[0]; l.n == lowest && whole > 0 {
		f.whole = whole
		for _, y := range l.y[1 : lowest-1] {
			f.mid += y - l.y[0]
		}
		f.mid /= whole * (lowest - 2)
	}
	if l.n >= spaced {
		whole := (l.y[l.n-1] - l.y[0]) * (lowest - 1) / float64(l.n-1)
		f.spread = min(whole, farApart*(l.y[spaced-1]-l.y[0]))
	}
	return f
}

// quantileF[k] is the 99.5 % quantile of F(2, 2k), k[(1−p)^(−1/k) − 1]: with
// k+1 order statistics, (lowest − floor)/spacing is distributed so (exponential
// queueing).
var quantileF = [spaced]float64{0, 199, 26.28, 14.54, 11.04, 9.43, 8.51}

// shape tells how the queueing of one direction begins at its floor: at once, if
// it is exponential, or as a power of the height, if it is the sum of several. The
// higher the power, the nearer to each other are the lowest points, against their
// height above the floor, and the nearer to the highest of them are the others.
type shape struct {
	mid float64 // mean of floor.mid
	n   float64 // floors seen
}

const shapeMemory = 32 // floors

func (s *shape) see(f *floor) {
	if f.whole > 0 {
		s.n = min(s.n+1, shapeMemory)
		s.mid += (f.mid - s.mid) / s.n
	}
}

// gap returns how far the lowest point is expected to be above the floor, as part
// of the floor's spread.
func (s *shape) gap() float64 {
	if s.n == 0 {
		return fewNear
	}
	i := 1
	for i < len(gapsOf)-1 && s.mid > gapsOf[i].mid {
		i++
	}
	a, b := gapsOf[i-1], gapsOf[i]
	part := (s.mid - a.mid) / (b.mid - a.mid)
	return a.gap + min(max(part, 0), 1)*(b.gap-a.gap)
}

// gapsOf are the mean distances of the lowest of many points from the floor, as parts
// of the spread of the sixteen lowest, by where those between are in the mean: for a density
// of the power 0, ½, 1, 2, 3, 5 and 8 of the height. No power has those between as high as in
// the last row: there the lowest points took a faster way, and the gap is no longer than to the others.
var gapsOf = [...]struct{ mid, gap float64 }{
	{0.500, 0.071}, {0.570, 0.183}, {0.607, 0.320}, {0.648, 0.623}, {0.669, 0.947}, {0.688, 1.614}, {0.701, 2.631},
	{0.760, 0.600},
}
