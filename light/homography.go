package light

// A homography maps the picture's units to a frame's pixels, through any perspective.
type homography [8]float64

func (h *homography) at(p point) point {
	w := h[6]*p.x + h[7]*p.y + 1
	return point{(h[0]*p.x + h[1]*p.y + h[2]) / w, (h[3]*p.x + h[4]*p.y + h[5]) / w}
}

// homographyOf returns the map that takes each of from to the one of to; false if there is none.
func homographyOf(from, to [4]point) (h homography, ok bool) {
	var m [8][9]float64
	for i := range 4 {
		f, t := from[i], to[i]
		m[2*i] = [9]float64{f.x, f.y, 1, 0, 0, 0, -f.x * t.x, -f.y * t.x, t.x}
		m[2*i+1] = [9]float64{0, 0, 0, f.x, f.y, 1, -f.x * t.y, -f.y * t.y, t.y}
	}
	for i := range 8 {
		if !pivot(&m, i) {
			return h, false
		}
		for k := range 8 {
			if k == i {
				continue
			}
			f := m[k][i] / m[i][i]
			for c := i; c < 9; c++ {
				m[k][c] -= f * m[i][c]
			}
		}
	}
	for i := range 8 {
		h[i] = m[i][8] / m[i][i]
	}
	return h, true
}

// pivot brings the row with the largest element of column i to row i.
func pivot(m *[8][9]float64, i int) bool {
	best := i
	for k := i; k < 8; k++ {
		if abs(m[k][i]) > abs(m[best][i]) {
			best = k
		}
	}
	m[i], m[best] = m[best], m[i]
	return abs(m[i][i]) > 1e-12
}
