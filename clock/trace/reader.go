package trace

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/downbeat-sync/downbeat/clock"
)

// maxLine is how long a line may be; four stamps take 83 bytes.
const maxLine = 4096

// Reader reads exchanges. Lines may end with CRLF, the last one with nothing; a
// byte order mark before the header, its case, spaces around fields and empty
// lines don't matter. Not safe for concurrent use.
type Reader struct {
	r    *bufio.Reader
	line int // number of the last line, from 1
	err  error
}

// NewReader returns a Reader on r. It reads nothing yet.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReaderSize(r, maxLine)} }

// Read returns the next exchange. At the end it returns io.EOF, after anything
// malformed an error that names the line; either stays.
func (r *Reader) Read() (clock.Exchange, error) {
	var x clock.Exchange
	if r.line == 0 {
		r.err = r.header()
	}
	for r.err == nil {
		line, err := r.next()
		if err == nil && len(line) == 0 {
			continue
		}
		if err == nil {
			x, err = parse(line)
		}
		if r.err = r.located(err); err == nil {
			return x, nil
		}
	}
	return clock.Exchange{}, r.err
}

func (r *Reader) header() error {
	line, err := r.next()
	if errors.Is(err, io.EOF) {
		err = errors.New("empty: the header " + Header + " is missing")
	}
	line = bytes.TrimPrefix(line, []byte("\ufeff"))
	if err == nil && !isHeader(line) {
		err = fmt.Errorf("%s: not the header %s", excerpt(line), Header)
	}
	return r.located(err)
}

func isHeader(line []byte) bool {
	i := 0
	for field := range bytes.SplitSeq(line, []byte(",")) {
		if i == 4 || string(bytes.ToLower(bytes.TrimSpace(field))) != [...]string{"t1", "t2", "t3", "t4"}[i] {
			return false
		}
		i++
	}
	return i == 4
}

// next returns the next line without its end and the spaces around it.
func (r *Reader) next() ([]byte, error) {
	r.line++
	line, err := r.r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, fmt.Errorf("longer than %d bytes", maxLine)
	case errors.Is(err, io.EOF) && len(line) > 0: // the last one has no end
	case err != nil:
		return nil, err
	}
	return bytes.TrimSpace(line), nil
}

func (r *Reader) located(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return fmt.Errorf("line %d: %w", r.line, err)
}

func parse(line []byte) (clock.Exchange, error) {
	if n := bytes.Count(line, []byte(",")) + 1; n != 4 {
		return clock.Exchange{}, fmt.Errorf("%d columns, not 4", n)
	}
	var t [4]int64
	rest := line
	for i := range t {
		var field []byte
		field, rest, _ = bytes.Cut(rest, []byte(","))
		field = bytes.TrimSpace(field)
		n, err := strconv.ParseInt(string(field), 10, 64)
		if errors.Is(err, strconv.ErrRange) {
			return clock.Exchange{}, fmt.Errorf("t%d: %s is beyond 64 bits", i+1, excerpt(field))
		}
		if err != nil {
			return clock.Exchange{}, fmt.Errorf("t%d: %s is not an integer", i+1, excerpt(field))
		}
		t[i] = n
	}
	return clock.Exchange{
		T1: clock.SessionTime(t[0]), T2: clock.DeviceTime(t[1]), T3: clock.DeviceTime(t[2]), T4: clock.SessionTime(t[3]),
	}, nil
}

// excerpt quotes the beginning of b.
func excerpt(b []byte) string { return strconv.Quote(string(b[:min(len(b), 40)])) }
