package light

import (
	"maps"
	"slices"
)

// A timetable is what a screen showed when: refresh i from starts[i] to starts[i+1].
type timetable struct {
	starts []float64
	bar    []int
	flash  []bool
	bins   []int // the refresh that is shown at the begin of each bin
}

// binMs is less than any refresh lasts.
const binMs = 4.0

// timetableOf lists the refreshes of pages, in ms from origin.
func timetableOf(grids map[int64]Grid, origin float64) (t timetable) {
	for _, page := range slices.Sorted(maps.Keys(grids)) {
		r := Refresh{Page: page, Grid: grids[page]}
		begin := float64(page)*pageMs - origin
		for ; r.units() < unitsOfPage; r.Index++ {
			p := r.Picture()
			t.starts = append(t.starts, begin+float64(r.units())/512)
			t.bar, t.flash = append(t.bar, p.Bar), append(t.flash, p.Flash)
		}
		if _, ok := grids[page+1]; !ok { // the gap up to the next page that is known shows nothing
			t.starts = append(t.starts, begin+float64(r.units())/512)
			t.bar, t.flash = append(t.bar, -1), append(t.flash, false)
		}
	}
	if len(t.starts) == 0 {
		return t
	}
	first := t.starts[0]
	for i, s := range t.starts {
		for first+binMs*float64(len(t.bins)) < s {
			t.bins = append(t.bins, max(i-1, 0))
		}
	}
	return t
}

// seen adds to levels what was shown from one instant to another: each bar, and last the
// flash field, as a part of that time, weighted.
func (t *timetable) seen(from, to, weight float64, levels *[Bars + 1]float64) {
	if len(t.bins) == 0 {
		return
	}
	i := t.bins[min(max(int((from-t.starts[0])/binMs), 0), len(t.bins)-1)]
	for i+1 < len(t.starts) && t.starts[i+1] <= from {
		i++
	}
	scale := weight / (to - from)
	for ; i+1 < len(t.starts) && t.starts[i] < to; i++ {
		share := (min(to, t.starts[i+1]) - max(from, t.starts[i])) * scale
		if share > 0 && t.bar[i] >= 0 {
			levels[t.bar[i]] += share
			if t.flash[i] {
				levels[Bars] += share
			}
		}
	}
}
