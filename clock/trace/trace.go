// Package trace reads and writes exchanges as CSV, one a line:
//
//	t1,t2,t3,t4
//	1795431600000000000,12345678900,12345698900,1795431600000520000
//
// All are integers of nanoseconds: t1 and t4 are session time, t2 and t3 device
// time. Both directions stream, and allocate nothing per exchange.
package trace

import (
	"bufio"
	"io"
	"strconv"

	"github.com/downbeat-sync/downbeat/clock"
)

// Header is the first line of a trace, without its end.
const Header = "t1,t2,t3,t4"

// Writer writes exchanges. What it has taken is sure to be written after Flush
// only. Not safe for concurrent use.
type Writer struct {
	w    *bufio.Writer
	line []byte
}

// NewWriter returns a Writer on w that has the header in its buffer.
func NewWriter(w io.Writer) *Writer {
	b := bufio.NewWriter(w)
	_, _ = b.WriteString(Header + "\n") // the buffer is larger, and keeps its errors
	return &Writer{w: b}
}

// Write adds one exchange. An error stays: all later calls return it too.
func (w *Writer) Write(x clock.Exchange) error {
	b := strconv.AppendInt(w.line[:0], int64(x.T1), 10)
	for _, t := range [...]int64{int64(x.T2), int64(x.T3), int64(x.T4)} {
		b = strconv.AppendInt(append(b, ','), t, 10)
	}
	w.line = append(b, '\n')
	_, err := w.w.Write(w.line)
	return err
}

// Flush writes what is in the buffer.
func (w *Writer) Flush() error { return w.w.Flush() }
