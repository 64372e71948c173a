package light

import (
	"errors"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// What the picture counts in.
const (
	// Slot is how long the slow cells stay the same.
	Slot = 100 * time.Millisecond
	// Page is how long a Grid holds: eight slots.
	Page = 8 * Slot
	// Ambiguity is after how long the picture repeats: 2^20 slots, some 29 hours.
	Ambiguity = (1 << slotBits) * Slot

	// PhaseUnit and PeriodUnit are what a Grid counts in.
	PhaseUnit  = time.Millisecond / 8
	PeriodUnit = float64(time.Millisecond) / 512 // ns

	slotBits   = 20
	pageBits   = slotBits - 3
	phaseBits  = 8
	periodBits = 14
	checkBits  = 7
	gridBits   = 6

	// Bars is how many bars take turns, one in each refresh.
	Bars = 12
	// Cells is how many cells the slow part of the picture has.
	Cells = 68
)

// A Grid says when a screen refreshes within a page: refresh k is lit from
// page + Phase · PhaseUnit + k · Period · PeriodUnit on.
type Grid struct {
	Phase  uint8
	Period uint16 // 14 bits: less than 32 ms
}

var errGrid = errors.New("light: a screen's refreshes are 4 to 31 ms apart, and the first one is within one of them")

// GridOf returns the grid of a screen whose first refresh of a page is phase after the
// page's begin, and whose refreshes are period apart. It fails on a period outside 4 to 31 ms.
func GridOf(phase, period time.Duration) (Grid, error) {
	if period < 4*time.Millisecond || period > 31*time.Millisecond || phase < 0 || phase > period {
		return Grid{}, errGrid
	}
	p := min((phase+PhaseUnit/2)/PhaseUnit, 255)
	return Grid{Phase: uint8(p), Period: uint16(float64(period)/PeriodUnit + 0.5)}, nil
}

// units are 1/512 ms, which phases and periods are whole numbers of.
const (
	unitsOfPhase = 64
	unitsOfSlot  = 512 * int64(Slot/time.Millisecond)
	unitsOfPage  = 8 * unitsOfSlot
)

// A Refresh is one refresh of a screen that shows session time.
type Refresh struct {
	Page  int64 // of session time: its begin is Page · 800 ms since the epoch
	Grid  Grid
	Index int // of the refresh within the page, 0 the first
}

// PageOf returns the page that t is in.
func PageOf(t clock.SessionTime) int64 {
	page := int64(t) / int64(Page)
	if int64(t) < page*int64(Page) {
		page--
	}
	return page
}

func (r Refresh) units() int64 {
	return int64(r.Grid.Phase)*unitsOfPhase + int64(r.Index)*int64(r.Grid.Period)
}

// Time is the refresh's own session time: what the picture tells.
func (r Refresh) Time() clock.SessionTime {
	return clock.SessionTime(r.Page*int64(Page)) + clock.SessionTime(float64(r.units())*PeriodUnit+0.5)
}

// Slot is the number of the slot that the refresh is in, of 20 bits.
func (r Refresh) Slot() uint32 {
	slot := r.Page*8 + min(r.units()/unitsOfSlot, 7)
	return uint32(slot & (1<<slotBits - 1))
}

// A Picture is what a screen shows in one refresh.
type Picture struct {
	Cells [Cells]bool
	Bar   int  // which of the bars is white, 0 to 11
	Flash bool // the flash field is white
}

// Picture returns what the screen shows in the refresh.
func (r Refresh) Picture() Picture {
	p := Picture{Bar: r.Index % Bars, Flash: flash(uint32(r.Page&(1<<pageBits-1)), uint32(r.Index))}
	n := r.Slot()
	w := writer{cells: &p.Cells}
	w.put(n^n>>1, slotBits)
	w.put(evenCheck(n), checkBits)
	w.put(oddCheck(n), checkBits)
	w.put(uint32(r.Grid.Phase), phaseBits)
	w.put(uint32(r.Grid.Period), periodBits)
	w.put(gridCheck(n>>3, r.Grid), gridBits)
	for cell, white := range keys {
		p.Cells[cell] = white
	}
	return p
}

// keys are the cells that never change. No turn and no mirror leaves them as they are.
var keys = map[int]bool{0: true, 1: false, 15: true, 16: false, 51: false, 67: false}

// A writer fills the cells in their order, those of the keys left out.
type writer struct {
	cells *[Cells]bool
	next  int
}

func (w *writer) put(v uint32, bits int) {
	for i := bits - 1; i >= 0; i-- {
		w.next = after(w.next)
		w.cells[w.next] = v>>i&1 == 1
		w.next++
	}
}

// after returns the first cell from i on that is no key.
func after(i int) int {
	for {
		if _, key := keys[i]; !key {
			return i
		}
		i++
	}
}

// evenCheck and oddCheck change in turns: at the end of a slot one of them stays as it is,
// and proves the cells of the slot before or after, whichever of the two is read.
func evenCheck(n uint32) uint32 { return crc(n>>1, slotBits, checkBits, 0x09, 0x7f) }

func oddCheck(n uint32) uint32 {
	return crc(((n+1)&(1<<slotBits-1))>>1, slotBits, checkBits, 0x09, 0x7f) ^ 0x55
}

// gridCheck covers the page as well, so that the grid of one isn't taken for another's.
func gridCheck(page uint32, g Grid) uint32 {
	rest := crc(page, pageBits, gridBits, 0x03, 0x3f)
	return crc(uint32(g.Phase)<<periodBits|uint32(g.Period), phaseBits+periodBits, gridBits, 0x03, rest)
}

// crc is a cyclic redundancy check of the lowest bits of v, the highest first.
func crc(v uint32, bits, width int, polynomial, state uint32) uint32 {
	for i := bits - 1; i >= 0; i-- {
		out := state>>(width-1)&1 ^ v>>i&1
		state = state << 1 & (1<<width - 1)
		if out == 1 {
			state ^= polynomial
		}
	}
	return state
}

// flash draws whether the flash field is white, from page and refresh alone.
func flash(page, index uint32) bool {
	x := page*0x9e3779b1 ^ index*0x85ebca6b
	x ^= x >> 15
	x *= 0x2c1b3c6d
	x ^= x >> 12
	x *= 0x297a2d39
	x ^= x >> 15
	return x&1 == 1
}
