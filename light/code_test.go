package light

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

//go:generate go test -run TestVectors . -update

var update = flag.Bool("update", false, "write docs/light-vectors.json")

const vectorsFile = "../docs/light-vectors.json"

// A vector is a refresh and what a screen shows in it. Times are in ns, as strings.
type vector struct {
	Page   int64  `json:"page"`
	Phase  uint8  `json:"phase"`
	Period uint16 `json:"period"`
	Index  int    `json:"index"`
	Time   string `json:"time"`
	Slot   uint32 `json:"slot"`
	Cells  string `json:"cells"`
	Bar    int    `json:"bar"`
	Flash  bool   `json:"flash"`
}

func vectorOf(r Refresh) vector {
	p := r.Picture()
	cells := make([]byte, Cells)
	for i, white := range p.Cells {
		cells[i] = '0'
		if white {
			cells[i] = '1'
		}
	}
	return vector{
		r.Page, r.Grid.Phase, r.Grid.Period, r.Index, strconv.FormatInt(int64(r.Time()), 10), r.Slot(), string(cells), p.Bar, p.Flash,
	}
}

// TestVectors keeps docs/light-vectors.json what this package shows; web/test holds the page against it.
func TestVectors(t *testing.T) {
	all := []vector{
		vectorOf(Refresh{}),
		vectorOf(Refresh{Page: 1<<17 - 1, Grid: Grid{255, 1<<14 - 1}, Index: 24}),
		vectorOf(Refresh{Page: -1, Grid: Grid{1, 8533}, Index: 47}),
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		grid := Grid{Phase: uint8(r.IntN(80)), Period: uint16(4*512 + r.IntN(27*512))}
		index := r.IntN(int(unitsOfPage/int64(grid.Period)) - 1)
		all = append(all, vectorOf(Refresh{Page: 2244485957 + r.Int64N(1e6), Grid: grid, Index: index}))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", " ")
	if err := enc.Encode(map[string]any{"about": "The light of docs/cameras.md: refreshes, and what a screen shows in them. Times in ns, as strings.", "refreshes": all}); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(vectorsFile, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	is, err := os.ReadFile(vectorsFile)
	if err != nil || !bytes.Equal(is, b.Bytes()) {
		t.Errorf("docs/light-vectors.json isn't what this package shows: go generate ./light, if it is meant to (%v)", err)
	}
}

// TestNeighbours: from one slot to the next a single cell of the number changes, and one of
// the checks stays, so that a half-changed picture reads as one of the two.
func TestNeighbours(t *testing.T) {
	grid := Grid{0, 100 * 512 / 4} // 25 ms: four refreshes a slot
	for page := int64(0); page < 5000; page += 7 {
		for index := 3; index < 31; index += 4 {
			a, b := Refresh{page, grid, index}, Refresh{page, grid, index + 1}
			if b.Slot() != a.Slot()+1 {
				t.Fatalf("slots %d and %d", a.Slot(), b.Slot())
			}
			pa, pb := a.Picture(), b.Picture()
			var number, even, odd int
			for i, next := 0, 0; i < slotBits+2*checkBits; i++ {
				next = after(next)
				if pa.Cells[next] != pb.Cells[next] {
					switch {
					case i < slotBits:
						number++
					case i < slotBits+checkBits:
						even++
					default:
						odd++
					}
				}
				next++
			}
			if number != 1 || even != 0 && odd != 0 {
				t.Fatalf("slot %d to %d: %d, %d and %d cells change", a.Slot(), b.Slot(), number, even, odd)
			}
		}
	}
}

func TestRefreshTimes(t *testing.T) {
	grid, err := GridOf(5*time.Millisecond, 16667*time.Microsecond)
	if err != nil {
		t.Fatal(err)
	}
	if got := PageOf(-1); got != -1 {
		t.Errorf("a nanosecond before the epoch is in page %d", got)
	}
	at := Refresh{Page: PageOf(1795588765989461000), Grid: grid, Index: 3}.Time()
	want := clock.SessionTime(1795588765989461000/int64(Page)*int64(Page) + 55001000)
	if d := at.Sub(want); d > 100*time.Microsecond || d < -100*time.Microsecond {
		t.Errorf("%v off", d)
	}
	for _, bad := range [][2]time.Duration{{0, time.Millisecond}, {0, 40 * time.Millisecond}, {-1, 16 * time.Millisecond}, {17 * time.Millisecond, 16 * time.Millisecond}} {
		if _, err := GridOf(bad[0], bad[1]); err == nil {
			t.Errorf("%v is a grid", bad)
		}
	}
}

// FuzzRead: any bytes are a frame of which something can be said.
func FuzzRead(f *testing.F) {
	f.Add(uint16(16), uint16(9), uint16(16), make([]byte, 144))
	f.Add(uint16(0), uint16(9), uint16(16), []byte{1})
	f.Fuzz(func(t *testing.T, width, height, stride uint16, luma []byte) {
		s := Read(Frame{int(width), int(height), int(stride), luma})
		if s.Verdict == "" && !s.HasSlot && !s.HasGrid {
			t.Error("neither a verdict nor a time")
		}
		var film Film
		for i := range 20 {
			film.Add(float64(i), s)
		}
		if fit := film.Fit(Known{}); fit.Verdict == "" {
			t.Errorf("one frame twenty times is a film: %+v", fit)
		}
	})
}
