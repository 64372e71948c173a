package light

import (
	"math/rand/v2"
	"testing"
)

// TestCounted: a late frame isn't taken for a missing one, nor a missing one for a late one.
func TestCounted(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var at, want []float64
	n := 0.0
	for i := range 300 {
		n++
		if i == 100 || i == 207 {
			n++
		}
		at, want = append(at, n*16.7+r.ExpFloat64()*3), append(want, n-1)
	}
	for i, c := range counted(at, intervalOf(at)) {
		if c != want[i] {
			t.Fatalf("frame %d is counted %v, want %v", i, c, want[i])
		}
	}
}
