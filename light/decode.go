package light

import "math"

// decode reads cells and bars of a picture whose place is known; false where neither slot
// nor grid could be read, or the brightness tells nothing.
func (f Frame) decode(h *homography) (Sighting, bool) {
	var s Sighting
	var fields [Bands][columns]float64
	for b := range Bands {
		for c := range columns {
			fields[b][c] = f.mean(h, columnAt(c, b, b+1), columnWidth*0.3, bandsHigh/2/Bands)
		}
	}
	t, verdict := toneOf(&fields)
	if verdict != "" {
		return Sighting{Verdict: verdict}, false
	}
	for b := range Bands {
		for i := range Bars + 1 {
			c := firstBar + i
			s.Levels[b][i] = float32(t.light(bandLevel(&fields[b], c)))
			s.Rows[b][i] = float32(h.at(columnAt(c, b, b+1)).y/float64(f.Height) - 0.5)
		}
	}
	top, bottom := h.at(columnAt(firstBar+Bars/2, 0, 0)), h.at(columnAt(firstBar+Bars/2, Bands, Bands))
	s.Span = float32(abs(bottom.y-top.y) / float64(f.Height) / Bands)
	f.readCells(h, &fields, t, &s)
	return s, s.HasSlot || s.HasGrid
}

// bandLevel is how bright a column is between the band's black and white, which are seen on
// both sides of the bars, so that shade, flicker and vignetting don't count.
func bandLevel(band *[columns]float64, c int) float64 {
	right := (float64(c) - 0.5) / (columns - 2)
	white := band[0]*(1-right) + band[columns-1]*right
	black := band[1]*(1-right) + band[columns-2]*right
	return (band[c] - black) / max(white-black, 1)
}

// A tone turns brightness between black and white into light: a power, bent so that the
// greys are right.
type tone struct {
	power float64
	at    [5]float64 // what power makes of black, the greys and white
}

var tones = [5]float64{0, 0.25, 0.5, 0.75, 1}

func toneOf(fields *[Bands][columns]float64) (t tone, v Verdict) {
	var grey [3]float64
	for b := range Bands {
		if fields[b][0]-fields[b][1] < leastContrast/2 || fields[b][columns-1]-fields[b][columns-2] < leastContrast/2 {
			return t, Unreadable
		}
		for i, c := range [3]int{16, 2, 17} {
			grey[i] += bandLevel(&fields[b], c) / Bands
		}
	}
	if grey[2] > 0.985 {
		return t, Overexposed
	}
	if grey[0] < 0.03 || grey[1] < grey[0]+0.03 || grey[2] < grey[1]+0.03 {
		return t, Unreadable
	}
	t.power = math.Log(0.5) / math.Log(grey[1])
	t.at = [5]float64{0, math.Pow(grey[0], t.power), 0.5, math.Pow(grey[2], t.power), 1}
	return t, ""
}

func (t tone) light(level float64) float64 {
	if level <= 0 {
		return level
	}
	v := math.Pow(level, t.power)
	i := 0
	for i < 3 && v > t.at[i+1] {
		i++
	}
	return tones[i] + (v-t.at[i])*(tones[i+1]-tones[i])/(t.at[i+1]-t.at[i])
}

// readCells reads slot and grid. Around the change of a slot some cells are neither black
// nor white; the check that doesn't change then tells whether the others can be believed.
func (f Frame) readCells(h *homography, fields *[Bands][columns]float64, t tone, s *Sighting) {
	r := reader{}
	for i := range Cells {
		p, band := cellAt(i), &fields[0]
		if i >= Cells/2 {
			band = &fields[Bands-1]
		}
		right := (p.x - 1) / (columns * columnWidth)
		white := band[0]*(1-right) + band[columns-1]*right
		black := band[1]*(1-right) + band[columns-2]*right
		r.cells[i] = t.light((f.mean(h, p, cellWidth/4, cellHeight/4) - black) / (white - black))
	}
	slot, unsure := r.take(slotBits)
	even, evenUnsure := r.take(checkBits)
	odd, oddUnsure := r.take(checkBits)
	phase, u1 := r.take(phaseBits)
	period, u2 := r.take(periodBits)
	check, u3 := r.take(gridBits)
	for shift := 1; shift < slotBits; shift <<= 1 {
		slot ^= slot >> shift
	}
	isEven := even == evenCheck(slot) && evenUnsure == 0
	isOdd := odd == oddCheck(slot) && oddUnsure == 0
	s.Slot = slot
	s.HasSlot = unsure <= 1 && (isEven || isOdd)
	s.Grid = Grid{Phase: uint8(phase), Period: uint16(period)}
	s.HasGrid = s.HasSlot && u1+u2+u3 == 0 && s.Grid.valid() && check == gridCheck(slot>>3, s.Grid)
}

func (g Grid) valid() bool { return g.Period >= 4*512 && g.Period <= 31*512 }

// A reader takes the cells in their order, those of the keys left out.
type reader struct {
	cells [Cells]float64
	next  int
}

// take returns the next bits, and how many of them are neither black nor white.
func (r *reader) take(bits int) (v uint32, unsure int) {
	for range bits {
		r.next = after(r.next)
		level := r.cells[r.next]
		r.next++
		v <<= 1
		if level > 0.5 {
			v |= 1
		}
		if level > 0.25 && level < 0.75 {
			unsure++
		}
	}
	return v, unsure
}
