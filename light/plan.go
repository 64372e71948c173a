package light

import (
	"math"
	"slices"
)

// A plan is what a film has to be fitted to: the frames that were read, and what the
// screen showed when. Times are in ms from origin; stamps from middle.
type plan struct {
	frames   []used
	shown    timetable
	origin   float64 // session time
	middle   float64 // stamp
	start    float64 // capture − stamp, roughly
	row      float64 // mean of the rows
	half     float64 // half of the film's length
	skew     float64 // of the stamps' clock, usual
	mirrored bool
}

// used is a frame that counts.
type used struct {
	stamp float64
	*Sighting
}

// slotMs is the length of a slot.
const (
	slotMs = 100.0
	pageMs = 8 * slotMs
)

// plan unwraps the slots, and keeps the frames that go with each other.
func (f *Film) plan(known Known) (*plan, Verdict) {
	p, near := &plan{skew: known.Skew}, known.Near.Millis()
	if p.skew <= 0 {
		p.skew = SkewOfFiles
	}
	slots := make([]float64, 0, len(f.seen))
	turned := 0
	for i := range f.seen {
		s := &f.seen[i]
		if s.Verdict != "" || !s.HasSlot {
			continue
		}
		at := near
		if len(slots) > 0 {
			at = (slots[0]+0.5)*slotMs + f.stamps[i] - p.frames[0].stamp
		}
		slots = append(slots, unwrap(s.Slot, at/slotMs))
		p.frames = append(p.frames, used{f.stamps[i], s})
		if s.Mirrored {
			turned++
		}
	}
	if len(slots) < fewest {
		return p, TooFewSeen
	}
	p.mirrored = turned*2 > len(slots)
	if !p.agree(&slots) {
		return p, NotOneTime
	}
	p.origin = (slots[0]) * slotMs
	p.tell(slots)
	if len(p.frames) < fewest {
		return p, NoRefreshes
	}
	p.center()
	return p, ""
}

// unwrap returns the slot of those 20 bits that is closest to near.
func unwrap(slot uint32, near float64) float64 {
	const turn = 1 << slotBits
	return float64(slot) + turn*math.Round((near-float64(slot))/turn)
}

// agree keeps the frames whose slots go with their stamps; false if many don't.
func (p *plan) agree(slots *[]float64) bool {
	lags := make([]float64, len(p.frames))
	for i, s := range *slots {
		lags[i] = (s+0.5)*slotMs - p.frames[i].stamp
	}
	sorted := slices.Sorted(slices.Values(lags))
	p.start = sorted[len(sorted)/2]
	kept, keptSlots := p.frames[:0], (*slots)[:0]
	for i, lag := range lags {
		if abs(lag-p.start) < 1.5*slotMs {
			kept, keptSlots = append(kept, p.frames[i]), append(keptSlots, (*slots)[i])
		}
	}
	all := len(p.frames)
	p.frames, *slots = kept, keptSlots
	return len(kept)*10 >= all*9
}

// tell makes the timetable from the grids that were read, and leaves out the frames of pages of which none was.
func (p *plan) tell(slots []float64) {
	votes := map[int64]map[Grid]int{}
	for i, u := range p.frames {
		if u.HasGrid {
			page := int64(math.Floor(slots[i] / 8))
			if votes[page] == nil {
				votes[page] = map[Grid]int{}
			}
			votes[page][u.Grid]++
		}
	}
	grids := map[int64]Grid{}
	for page, of := range votes {
		most := 0
		for g, n := range of {
			if n > most || n == most && g.Phase < grids[page].Phase {
				most, grids[page] = n, g
			}
		}
	}
	p.shown = timetableOf(grids, p.origin)
	kept := p.frames[:0]
	for i, u := range p.frames {
		first, last := int64(math.Floor((slots[i]-1)/8)), int64(math.Floor((slots[i]+1)/8))
		_, a := grids[first]
		_, b := grids[last]
		if a && b {
			kept = append(kept, u)
		}
	}
	p.frames = kept
}

// center thins the frames out and counts stamps from their middle.
func (p *plan) center() {
	if n := len(p.frames); n > mostUsed {
		thin := make([]used, mostUsed)
		for i := range thin {
			thin[i] = p.frames[i*n/mostUsed]
		}
		p.frames = thin
	}
	first, last := p.frames[0].stamp, p.frames[len(p.frames)-1].stamp
	p.middle, p.half = (first+last)/2, max((last-first)/2, 1)
	p.start += p.middle - p.origin
	for i := range p.frames {
		p.frames[i].stamp -= p.middle
		for b := range Bands {
			p.row += float64(p.frames[i].Rows[b][Bars/2]) / Bands / float64(len(p.frames))
		}
	}
}

// even returns the plan with stamps that are as even as the frames of most cameras: the
// delay of arrivals, which isn't, is taken off. False where the stamps tell no such rate.
func (p *plan) even() (*plan, bool) {
	at := make([]float64, len(p.frames))
	for i := range p.frames {
		at[i] = p.frames[i].stamp
	}
	interval := intervalOf(at)
	if !(interval > 0) {
		return nil, false
	}
	count := counted(at, interval)
	offset, interval := line(count, at)
	even, squares := *p, 0.0
	even.frames = slices.Clone(p.frames)
	for i := range even.frames {
		even.frames[i].stamp = offset + interval*count[i]
		late := at[i] - even.frames[i].stamp
		squares += late * late
	}
	// the standard deviation of the slope of the line
	even.skew = math.Hypot(p.skew, math.Sqrt(12*squares)/float64(len(at))/(2*p.half))
	return &even, true
}

// intervalOf is the usual time between two stamps, by those that are some frames apart.
func intervalOf(at []float64) float64 {
	far := min(8, len(at)-1)
	steps := make([]float64, len(at)-far)
	for i := range steps {
		steps[i] = (at[i+far] - at[i]) / float64(far)
	}
	return slices.Sorted(slices.Values(steps))[len(steps)/2]
}

// counted numbers frames. Where one is missing all that follow are late by an interval; a single
// one that is late has only been so on its way.
func counted(at []float64, interval float64) []float64 {
	const window = 16
	count, missing := make([]float64, len(at)), 0.0
	late := make([]float64, len(at)) // in intervals, what is missing taken off
	for i := range at {
		late[i] = at[i]/interval - float64(i)
	}
	for i := range at {
		if before, after := late[max(i-window, 0):i], late[i:min(i+window, len(at))]; i > 0 && len(after) >= 4 {
			if jump := math.Round(slices.Min(after) - missing - slices.Min(before)); jump > 0 {
				missing += jump
			}
		}
		count[i] = float64(i) + missing
		late[i] -= missing
	}
	return count
}

// line fits y = a + b·x by least squares.
func line(x, y []float64) (a, b float64) {
	n := float64(len(x))
	var sx, sy, sxx, sxy float64
	for i := range x {
		sx, sy, sxx, sxy = sx+x[i], sy+y[i], sxx+x[i]*x[i], sxy+x[i]*y[i]
	}
	b = (n*sxy - sx*sy) / (n*sxx - sx*sx)
	return (sy - b*sx) / n, b
}
