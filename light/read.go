package light

import (
	"math"
	"sort"
)

// Bands is how many strips, one above the other, the bars are read in.
const Bands = 8

// A Verdict says in words why there is no answer. It is empty where there is one.
type Verdict string

// What a frame may be.
const (
	NotAFrame   Verdict = "the frame's size doesn't fit its data"
	TooDark     Verdict = "the frame is too dark: nothing in it is bright"
	TooBlurred  Verdict = "the frame is too blurred: nothing in it has an edge"
	NoLight     Verdict = "there is no light in the frame"
	HalfALight  Verdict = "part of the light is outside the frame, or covered"
	TwoLights   Verdict = "there is more than one light in the frame"
	Unreadable  Verdict = "there is a light in the frame, but it can't be read: too small, too blurred or too oblique"
	Overexposed Verdict = "the light is overexposed: grey is as bright as white"
)

// A Sighting is what one frame shows of a light.
type Sighting struct {
	Verdict  Verdict
	Mirrored bool // the frame is a mirror image; it is read all the same

	HasSlot bool // Slot is known
	Slot    uint32
	HasGrid bool // Grid is known
	Grid    Grid

	// Levels is how much of the exposure each bar, and last the flash field, was white, 0 to 1;
	// Rows where in the frame that was seen: −0.5 the first row, 0.5 the last.
	Levels [Bands][Bars + 1]float32
	Rows   [Bands][Bars + 1]float32
	// Span is how much of the frame's height a band covers.
	Span float32
}

// Read finds the light in a frame. Frames are independent of each other; it may be called concurrently.
func Read(f Frame) Sighting {
	if !f.valid() {
		return Sighting{Verdict: NotAFrame}
	}
	found := f.finders()
	if len(found) < 4 || len(found) > mostFinders {
		return Sighting{Verdict: f.whyNot(len(found))}
	}
	var seen []Sighting
	best := Sighting{Verdict: Unreadable}
	quads(found, func(q [4]point) {
		s, ok := f.readQuad(q)
		if ok {
			seen = append(seen, s)
		} else if s.Verdict == Overexposed {
			best = s
		}
	})
	switch {
	case len(seen) > 1, len(seen) == 0 && len(found) >= 8:
		return Sighting{Verdict: TwoLights}
	case len(seen) == 1:
		return seen[0]
	}
	if _, high, _ := f.contrast(); high < dark {
		return Sighting{Verdict: TooDark}
	}
	return best
}

// mostFinders bounds the work that a frame full of spots makes.
const mostFinders = 12

// dark is what the brightest hundredth of a frame has at least, of 255, for anything to be read.
const dark = 40

// whyNot tells what is wrong with a frame that has too few finders, or too many.
func (f Frame) whyNot(found int) Verdict {
	low, high, edge := f.contrast()
	switch {
	case high < dark:
		return TooDark
	case found > mostFinders:
		return TwoLights
	case found > 0:
		return HalfALight
	case high-low > 30 && edge*3 < high-low:
		return TooBlurred
	}
	return NoLight
}

// contrast returns how bright the darkest and the brightest hundredth are, and how steep the
// steepest edges from left to right, over three pixels and four rows.
func (f Frame) contrast() (low, high, edge int) {
	var bright, steep [256]int
	n, edges := 0, 0
	for y := 0; y+4 <= f.Height; y += 4 {
		at := f.Luma[y*f.Stride:]
		for x := range f.Width {
			sum := func(x int) int {
				return (int(at[x]) + int(at[x+f.Stride]) + int(at[x+2*f.Stride]) + int(at[x+3*f.Stride])) / 4
			}
			v := sum(x)
			bright[v]++
			n++
			if x >= 3 {
				d := v - sum(x-3)
				steep[max(d, -d)]++
				edges++
			}
		}
	}
	return rank(&bright, n/100), rank(&bright, n*99/100), rank(&steep, edges*499/500)
}

// rank returns the brightness that so many pixels are darker than.
func rank(histogram *[256]int, pixels int) int {
	for v, n := range histogram {
		if pixels -= n; pixels < 0 {
			return v
		}
	}
	return 255
}

// quads calls try with each four of the points, as they lie around their middle.
func quads(p []point, try func([4]point)) {
	for a := range p {
		for b := a + 1; b < len(p); b++ {
			for c := b + 1; c < len(p); c++ {
				for d := c + 1; d < len(p); d++ {
					q := [4]point{p[a], p[b], p[c], p[d]}
					around(&q)
					if convex(q) {
						try(q)
					}
				}
			}
		}
	}
}

// around sorts points clockwise (y grows downwards) around their middle.
func around(q *[4]point) {
	var m point
	for _, p := range q {
		m.x, m.y = m.x+p.x/4, m.y+p.y/4
	}
	sort.Slice(q[:], func(i, k int) bool {
		return math.Atan2(q[i].y-m.y, q[i].x-m.x) < math.Atan2(q[k].y-m.y, q[k].x-m.x)
	})
}

func convex(q [4]point) bool {
	for i := range 4 {
		a, b, c := q[i], q[(i+1)%4], q[(i+2)%4]
		if (b.x-a.x)*(c.y-b.y)-(b.y-a.y)*(c.x-b.x) <= 0 {
			return false
		}
	}
	return true
}

// readQuad reads the light between four finders, turned and mirrored as its keys say.
func (f Frame) readQuad(q [4]point) (Sighting, bool) {
	for _, mirrored := range [2]bool{false, true} {
		for range 4 {
			q[0], q[1], q[2], q[3] = q[1], q[2], q[3], q[0]
			to := q
			if mirrored {
				to[1], to[3] = to[3], to[1]
			}
			h, ok := homographyOf(corners, to)
			if !ok || !f.inside(&h) || !f.upright(&h) {
				continue
			}
			s, ok := f.decode(&h)
			s.Mirrored = mirrored
			return s, ok
		}
	}
	return Sighting{}, false
}

// inside reports whether all of the picture is in the frame.
func (f Frame) inside(h *homography) bool {
	for _, p := range [4]point{{0.5, 0.5}, {Width - 0.5, 0.5}, {Width - 0.5, Height - 0.5}, {0.5, Height - 0.5}} {
		p = h.at(p)
		if !(p.x >= 0 && p.y >= 0 && p.x < float64(f.Width) && p.y < float64(f.Height)) {
			return false
		}
	}
	return true
}

// upright reports whether the cells that never change are as they should be.
func (f Frame) upright(h *homography) bool {
	white, black := f.mean(h, columnAt(0, 0, Bands), 0.5, bandsHigh/2), f.mean(h, columnAt(1, 0, Bands), 0.5, bandsHigh/2)
	if white-black < leastContrast {
		return false
	}
	for i, want := range keys {
		v := (f.mean(h, cellAt(i), cellWidth/4, cellHeight/4) - black) / (white - black)
		if want && v < 0.65 || !want && v > 0.35 {
			return false
		}
	}
	return true
}

// leastContrast is how much brighter than black white has to be, of 255.
const leastContrast = 20

// columnAt returns the middle of a column's bands from one to another (exclusive).
func columnAt(c, from, to int) point {
	return point{1 + columnWidth*(float64(c)+0.5), bandsTop + bandsHigh*float64(from+to)/2/Bands}
}

// mean is how bright the frame is around a point of the picture, by 48 pixels of it.
func (f Frame) mean(h *homography, middle point, halfWidth, halfHeight float64) float64 {
	const nx, ny = 6, 8
	sum := 0
	for iy := range ny {
		for ix := range nx {
			p := h.at(point{
				middle.x + halfWidth*(float64(2*ix+1)/nx-1),
				middle.y + halfHeight*(float64(2*iy+1)/ny-1),
			})
			sum += int(f.Luma[clamp(p.y, f.Height)*f.Stride+clamp(p.x, f.Width)])
		}
	}
	return float64(sum) / (nx * ny)
}

func clamp(v float64, size int) int { return min(max(int(v), 0), size-1) }
