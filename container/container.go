// Package container makes recordings whole. A recording that is sent while it is made grows at
// its end only, so that its head can't say how long it is and where its pictures are: players
// show no seek bar, editors no length. [Rewrite] copies such a file with a head that says
// both, and what it is of and when it was made.
//
// Two containers are known, as browsers write them: WebM (Matroska, RFC 9559) and fragmented
// MP4 (ISO/IEC 14496-12). The pictures and sounds are copied byte by byte; a tail that was cut
// off in the middle of one is left out. A file is read twice, from its
// beginning to its end, and never kept in memory.
package container

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// ErrAsItIs says that a file is to stay as it is: it is whole already, or nothing that is known here.
var ErrAsItIs = errors.New("container: the file stays as it is")

// Info is what a file is to say of itself. What is empty isn't said.
type Info struct {
	Title   string
	Device  string
	Created time.Time // when its first picture was captured
}

// limit bounds what is remembered of a file: pictures that one can seek to, pieces, samples.
const limit = 16 << 20

// Rewrite writes the recording that in has, of size bytes, with a whole head to out. It fails
// with [ErrAsItIs] before it has written anything, and with other errors of in and out only.
func Rewrite(out io.Writer, in io.ReaderAt, size int64, info Info) error {
	begin := make([]byte, 12)
	if _, err := in.ReadAt(begin, 0); err != nil {
		if errors.Is(err, io.EOF) {
			return ErrAsItIs
		}
		return err
	}
	switch {
	case bytes.HasPrefix(begin, []byte{0x1A, 0x45, 0xDF, 0xA3}):
		return rewriteWebM(out, in, size, info)
	case string(begin[4:8]) == "ftyp":
		return rewriteMP4(out, in, size, info)
	}
	return ErrAsItIs
}

// asItIs is [ErrAsItIs] with a reason.
func asItIs(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrAsItIs, fmt.Sprintf(format, args...))
}

// span is a piece of a file.
type span struct{ from, to int64 }

func (s span) len() int64 { return s.to - s.from }

// copySpans copies pieces of a file.
func copySpans(out io.Writer, in io.ReaderAt, spans []span) error {
	buf := buffers.Get().(*[256 << 10]byte)
	defer buffers.Put(buf)
	for _, s := range spans {
		n, err := io.CopyBuffer(justWriter{out}, io.NewSectionReader(in, s.from, s.len()), buf[:])
		if err == nil && n != s.len() {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return fmt.Errorf("container: copying: %w", err)
		}
	}
	return nil
}

var buffers = sync.Pool{New: func() any { return new([256 << 10]byte) }}

// justWriter keeps io.CopyBuffer from going another way than by its buffer.
type justWriter struct{ io.Writer }

// head reads a piece that is small enough to be kept in memory.
func head(in io.ReaderAt, s span) ([]byte, error) {
	if s.len() > limit {
		return nil, asItIs("a head of %d bytes", s.len())
	}
	b := make([]byte, s.len())
	if _, err := in.ReadAt(b, s.from); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
}
