package light

// A Frame is the luma of a picture, 8 bits a pixel, rows from the top. Pixels of row y are
// Luma[y·Stride : y·Stride+Width].
type Frame struct {
	Width, Height, Stride int
	Luma                  []byte
}

func (f Frame) valid() bool {
	return f.Width > 0 && f.Height > 0 && f.Stride >= f.Width && len(f.Luma) >= (f.Height-1)*f.Stride+f.Width
}

// A blob is a set of connected pixels that are all bright or all dark.
type blob struct {
	area                     int
	sumX, sumY               int
	left, right, top, bottom int
	dark                     bool
}

func (b *blob) middle() point {
	return point{float64(b.sumX)/float64(b.area) + 0.5, float64(b.sumY)/float64(b.area) + 0.5}
}

func (b *blob) width() int  { return b.right - b.left + 1 }
func (b *blob) height() int { return b.bottom - b.top + 1 }

// blobs are those of a frame: which one each pixel is of, row by row.
type blobs struct {
	of    []int32
	width int
	all   []blob
}

// dark tells the pixels that are darker than the mean of their neighbourhood.
func (f Frame) dark() []bool {
	w, h := f.Width, f.Height
	sums := make([]int32, (w+1)*(h+1))
	for y := range h {
		row := int32(0)
		for x, v := range f.Luma[y*f.Stride : y*f.Stride+w] {
			row += int32(v)
			sums[(y+1)*(w+1)+x+1] = sums[y*(w+1)+x+1] + row
		}
	}
	dark, r := make([]bool, w*h), max(w/12, 4)
	for y := range h {
		top, bottom := max(y-r, 0), min(y+r+1, h)
		for x := range w {
			left, right := max(x-r, 0), min(x+r+1, w)
			sum := sums[bottom*(w+1)+right] - sums[top*(w+1)+right] - sums[bottom*(w+1)+left] + sums[top*(w+1)+left]
			n := int32((bottom - top) * (right - left))
			dark[y*w+x] = (int32(f.Luma[y*f.Stride+x])+4)*n < sum
		}
	}
	return dark
}

// blobsOf labels connected pixels, in two passes over the frame.
func blobsOf(dark []bool, width int) blobs {
	of, parent := make([]int32, len(dark)), []int32{}
	root := func(i int32) int32 {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	for i, d := range dark {
		label := int32(-1)
		if i%width > 0 && dark[i-1] == d {
			label = root(of[i-1])
		}
		if i >= width && dark[i-width] == d {
			up := root(of[i-width])
			if label >= 0 {
				parent[max(label, up)] = min(label, up)
				up = min(label, up)
			}
			label = up
		}
		if label < 0 {
			label = int32(len(parent))
			parent = append(parent, label)
		}
		of[i] = label
	}
	b := blobs{of: of, width: width, all: make([]blob, len(parent))}
	for i := range of {
		of[i] = root(of[i])
		b.all[of[i]].add(i%width, i/width, dark[i])
	}
	return b
}

func (b *blob) add(x, y int, dark bool) {
	if b.area == 0 {
		b.left, b.right, b.top, b.bottom, b.dark = x, x, y, y, dark
	}
	b.area++
	b.sumX += x
	b.sumY += y
	b.left, b.right, b.bottom = min(b.left, x), max(b.right, x), y
}

// leastFinder is how many pixels the middle of a finder has at least.
const leastFinder = 12

// finders returns the middles of bright spots that a dark ring surrounds.
func (f Frame) finders() (found []point) {
	b := blobsOf(f.dark(), f.Width)
	for i := range b.all {
		spot := &b.all[i]
		if spot.dark || spot.area < leastFinder || spot.area*2 < spot.width()*spot.height() || !squarish(spot) {
			continue
		}
		if ring := b.around(int32(i)); ring != nil && isRing(spot, ring) {
			found = append(found, spot.middle())
		}
	}
	return found
}

func squarish(b *blob) bool { return b.width() < 3*b.height() && b.height() < 3*b.width() }

// isRing holds the ring of a finder against its spot: 5 units wide around 3.
func isRing(spot, ring *blob) bool {
	m := spot.middle()
	w, h := float64(ring.width()), float64(ring.height())
	offX, offY := m.x-float64(ring.left+ring.right+1)/2, m.y-float64(ring.top+ring.bottom+1)/2
	wide, high := w/float64(spot.width()), h/float64(spot.height())
	return wide > 1.2 && wide < 3 && high > 1.2 && high < 3 && abs(offX) < 0.15*w && abs(offY) < 0.15*h &&
		ring.area > spot.area/2 && ring.area < 6*spot.area
}

// around returns the one dark blob on all four sides of a bright one, nil if there is none.
func (b *blobs) around(label int32) *blob {
	spot := &b.all[label]
	m := spot.middle()
	x, y := int(m.x), int(m.y)
	ring := int32(-1)
	for _, step := range [4]int{-1, 1, -b.width, b.width} {
		i := y*b.width + x
		for i >= 0 && i < len(b.of) && b.of[i] == label {
			i += step
		}
		if i < 0 || i >= len(b.of) || !b.all[b.of[i]].dark || ring >= 0 && b.of[i] != ring {
			return nil
		}
		ring = b.of[i]
	}
	return &b.all[ring]
}
