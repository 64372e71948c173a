package rules

import (
	"io"
	"slices"
)

// JSON is a JSON text of which a part may be shared: what many readers are told at the same
// time, or one after the other, is encoded once and not copied. It is not to be modified.
type JSON struct {
	before []byte
	shared [][]byte
	after  []byte
}

// Whole returns a text of which nothing is shared.
func Whole(b []byte) JSON { return JSON{before: b} }

// Len returns how long the text is, in bytes.
func (j JSON) Len() int {
	n := len(j.before) + len(j.after)
	for _, p := range j.shared {
		n += len(p)
	}
	return n
}

// pieceCost is what holding on to a piece costs that is shared, in bytes.
const pieceCost = 32

// Cost returns how many bytes somebody uses at most who holds the text: what is shared is held by
// the session too.
func (j JSON) Cost() int { return len(j.before) + len(j.after) + pieceCost*len(j.shared) }

// WriteTo writes the text.
func (j JSON) WriteTo(w io.Writer) (written int64, err error) {
	write := func(p []byte) bool {
		if len(p) > 0 && err == nil {
			var n int
			n, err = w.Write(p)
			written += int64(n)
		}
		return err == nil
	}
	write(j.before)
	for _, p := range j.shared {
		if !write(p) {
			break
		}
	}
	write(j.after)
	return written, err
}

// Bytes returns the text in one.
func (j JSON) Bytes() []byte {
	if len(j.shared) == 0 && len(j.after) == 0 {
		return j.before
	}
	return slices.Concat(j.before, slices.Concat(j.shared...), j.after)
}
