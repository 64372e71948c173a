package film

import (
	"math"
	"time"

	"github.com/downbeat-sync/downbeat/light"
)

// pageMs is how long a page of the light is.
const pageMs = float64(light.Page / time.Millisecond)

// A screen refreshes at phase + k · period, in ms of session time.
type screen struct {
	period, phase float64
	pages         map[int64]page
}

type page struct {
	first int64 // refresh of the screen that is the page's first
	grid  light.Grid
}

// refresh returns when the screen's refresh k is lit, and what it shows.
func (s *screen) refresh(k int64) light.Picture {
	t := s.at(k)
	number := int64(math.Floor(t / pageMs))
	p, ok := s.pages[number]
	if !ok {
		p = s.begin(number)
	}
	return light.Refresh{Page: number, Grid: p.grid, Index: int(k - p.first)}.Picture()
}

func (s *screen) at(k int64) float64 { return s.phase + float64(k)*s.period }

func (s *screen) begin(number int64) page {
	begin := float64(number) * pageMs
	first := int64(math.Ceil((begin - s.phase) / s.period))
	grid, err := light.GridOf(time.Duration((s.at(first)-begin)*1e6), time.Duration(s.period*1e6))
	if err != nil {
		panic(err) // a screen of the test's own
	}
	if s.pages == nil {
		s.pages = map[int64]page{}
	}
	s.pages[number] = page{first, grid}
	return s.pages[number]
}

// What the values of integrate are: cells, bars, the flash field, then what never changes.
const (
	valueBar   = light.Cells
	valueFlash = valueBar + light.Bars
	valueStill = valueFlash + 1 // and 4 further ones, by quarters
	room       = valueStill + 5 // what is beside the screen
)

// integrate averages what the screen shows from one instant to another.
func (s *screen) integrate(from, to float64, values *[256]float32) {
	clear(values[:])
	k := int64(math.Floor((from - s.phase) / s.period))
	for ; s.at(k) < to; k++ {
		share := float32((min(to, s.at(k+1)) - max(from, s.at(k))) / (to - from))
		p := s.refresh(k)
		for i, white := range p.Cells {
			if white {
				values[i] += share
			}
		}
		values[valueBar+p.Bar] += share
		if p.Flash {
			values[valueFlash] += share
		}
	}
	for i := range 5 {
		values[valueStill+i] = float32(i) / 4
	}
	values[room] = 0.06
}

// valueOf names the value of a part of the picture.
func valueOf(p light.Part) uint8 {
	switch p.Kind {
	case light.Cell:
		return uint8(p.Index)
	case light.Bar:
		return uint8(valueBar + p.Index)
	case light.FlashField:
		return valueFlash
	}
	return uint8(valueStill + int(p.Grey*4))
}
