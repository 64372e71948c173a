package light

// The picture is 48 units wide and 27 high, white where nothing else is, on black.
const (
	Width  = 48
	Height = 27

	columns     = 20
	columnWidth = 2.3
	columnTop   = 7.0
	columnsHigh = 13.0
	bandsTop    = 8.0 // what is read of the columns: not what is next to white
	bandsHigh   = 11.0
	cellsInRow  = 17
	cellWidth   = 2.0
	cellHeight  = 2.5

	firstBar    = 3
	flashColumn = firstBar + Bars
)

// corners are the middles of the finders: top left, top right, bottom right, bottom left.
var corners = [4]point{{3.5, 3.5}, {44.5, 3.5}, {44.5, 23.5}, {3.5, 23.5}}

// greys are the columns that never change, and how bright each is.
var greys = map[int]float64{0: 1, 1: 0, 2: 0.5, 16: 0.25, 17: 0.75, 18: 0, 19: 1}

// A point is in units of the picture, or in pixels of a frame; y grows downwards.
type point struct{ x, y float64 }

// cellAt returns the middle of a cell.
func cellAt(i int) point {
	y := 1.0
	if i >= Cells/2 {
		i, y = i-Cells/2, 21
	}
	return point{7 + cellWidth*(float64(i%cellsInRow)+0.5), y + cellHeight*(float64(i/cellsInRow)+0.5)}
}

// A Part is what lies at one place of the picture.
type Part struct {
	Kind  Kind
	Index int     // of a cell or a bar
	Grey  float64 // of a field that never changes: light, 0 black to 1 white
}

// Kind says what a Part is.
type Kind uint8

// The kinds of parts.
const (
	Still Kind = iota // never changes
	Cell
	Bar
	FlashField
)

// At returns what lies at x, y, in units from the picture's top left corner; outside of it is black.
func At(x, y float64) Part {
	switch {
	case x < 0 || y < 0 || x >= Width || y >= Height:
		return Part{}
	case y >= columnTop && y < columnTop+columnsHigh && x >= 1 && x < 1+columns*columnWidth:
		return columnPart(min(int((x-1)/columnWidth), columns-1))
	case x >= 7 && x < 7+cellsInRow*cellWidth && y >= 1 && y < 6:
		return cellPart(x, y-1, 0)
	case x >= 7 && x < 7+cellsInRow*cellWidth && y >= 21 && y < 26:
		return cellPart(x, y-21, Cells/2)
	}
	for _, c := range corners {
		d := max(abs(x-c.x), abs(y-c.y))
		if d < 2.5 && d >= 1.5 {
			return Part{}
		}
	}
	return Part{Grey: 1}
}

func columnPart(c int) Part {
	switch {
	case c >= firstBar && c < flashColumn:
		return Part{Kind: Bar, Index: c - firstBar}
	case c == flashColumn:
		return Part{Kind: FlashField}
	}
	return Part{Grey: greys[c]}
}

func cellPart(x, y float64, first int) Part {
	return Part{Kind: Cell, Index: first + int(y/cellHeight)*cellsInRow + int((x-7)/cellWidth)}
}

func abs(x float64) float64 { return max(x, -x) }
