package signaling

import (
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
)

// writes notes what is written to it, each write apart.
type writes struct {
	net.Conn
	all  []string
	fail error
}

func (w *writes) Write(p []byte) (int, error) {
	w.all = append(w.all, string(p))
	return len(p), w.fail
}

func TestBatch(t *testing.T) {
	w := &writes{}
	b := &batch{Conn: w}
	write := func(s string) {
		_, err := b.Write([]byte(s))
		must(t, err)
	}
	write("frame")
	b.hold()
	write("a")
	write("b")
	if b.full() || len(w.all) != 1 {
		t.Errorf("held back, %q is written", w.all)
	}
	must(t, b.release())
	write("frame")
	must(t, b.release())
	if !slices.Equal(w.all, []string{"frame", "ab", "frame"}) {
		t.Errorf("written %q", w.all)
	}
	b.hold()
	write("a")
	write(strings.Repeat("x", batchLimit))
	if !b.full() || len(w.all) != 5 || w.all[3] != "a" {
		t.Error("something large doesn't go at once, behind what was held back")
	}
	must(t, b.release())
	b.hold()
	for range 3 {
		write(strings.Repeat("x", batchLimit-1))
	}
	if !b.full() {
		t.Error("it takes more than its limit")
	}
	w.fail = errors.New("gone")
	if err := b.release(); !errors.Is(err, w.fail) || b.held != nil {
		t.Errorf("released with %v, keeps %d bytes", err, cap(*b.held))
	}
}
