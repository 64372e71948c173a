package container

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// IDs of the elements of Matroska that matter here (RFC 9559, section 5).
const (
	idEBML    = 0x1A45DFA3
	idSegment = 0x18538067

	idSeekHead = 0x114D9B74
	idSeek     = 0x4DBB
	idSeekID   = 0x53AB
	idSeekPos  = 0x53AC

	idInfo       = 0x1549A966
	idScale      = 0x2AD7B1
	idDuration   = 0x4489
	idDateUTC    = 0x4461
	idTitle      = 0x7BA9
	idWritingApp = 0x5741

	idTracks          = 0x1654AE6B
	idTrackEntry      = 0xAE
	idTrackNumber     = 0xD7
	idTrackType       = 0x83
	idTrackName       = 0x536E
	idDefaultDuration = 0x23E383

	idCluster     = 0x1F43B675
	idTimestamp   = 0xE7
	idPosition    = 0xA7
	idPrevSize    = 0xAB
	idSimpleBlock = 0xA3
	idBlockGroup  = 0xA0
	idBlock       = 0xA1
	idReference   = 0xFB

	idCues                = 0x1C53BB6B
	idCuePoint            = 0xBB
	idCueTime             = 0xB3
	idCuePositions        = 0xB7
	idCueTrack            = 0xF7
	idCueClusterPos       = 0xF1
	idTags                = 0x1254C367
	idTag                 = 0x7373
	idTargets             = 0x63C0
	idSimpleTag           = 0x67C8
	idTagName             = 0x45A3
	idTagString           = 0x4487
	idAttachments         = 0x1941A469
	idChapters            = 0x1043A770
	idVoid                = 0xEC
	idCRC                 = 0xBF
	unknownSize     int64 = -1
)

// topLevel are the elements that a segment has, which end a cluster that doesn't say how long it is.
var topLevel = map[uint32]bool{
	idSeekHead: true, idInfo: true, idTracks: true, idCluster: true, idCues: true, idTags: true, idAttachments: true, idChapters: true,
}

// ebmlReader reads elements one after another, and knows where it is.
type ebmlReader struct {
	r  *bufio.Reader
	at int64
}

func newEBMLReader(in io.ReaderAt, size int64) *ebmlReader {
	return &ebmlReader{r: bufio.NewReaderSize(io.NewSectionReader(in, 0, size), 256<<10)}
}

var errEBML = errors.New("container: not EBML")

// vint reads a number of variable length; mark keeps its marker, as IDs do.
func (e *ebmlReader) vint(mark bool, most int) (v uint64, n int, err error) {
	first, err := e.r.ReadByte()
	if err != nil {
		return 0, 0, err
	}
	n = 1
	for bit := byte(0x80); n <= most && first&bit == 0; bit >>= 1 {
		n++
	}
	if n > most {
		return 0, 0, errEBML
	}
	v = uint64(first)
	if !mark {
		v &= 1<<(8-n) - 1
	}
	for range n - 1 {
		b, err := e.r.ReadByte()
		if err != nil {
			return 0, 0, noEOF(err)
		}
		v = v<<8 | uint64(b)
	}
	e.at += int64(n)
	return v, n, nil
}

// element reads the head of one; size is unknownSize where it doesn't say.
func (e *ebmlReader) element() (id uint32, size int64, err error) {
	v, _, err := e.vint(true, 4)
	if err != nil {
		return 0, 0, err
	}
	length, n, err := e.vint(false, 8)
	switch {
	case err != nil:
		return 0, 0, noEOF(err)
	case length == 1<<(7*n)-1:
		return uint32(v), unknownSize, nil
	case length > math.MaxInt64/2:
		return 0, 0, errEBML
	}
	return uint32(v), int64(length), nil
}

// skip passes over so many bytes; it fails when there are fewer.
func (e *ebmlReader) skip(n int64) error {
	for n > 0 {
		skipped, err := e.r.Discard(int(min(n, 1<<30)))
		e.at += int64(skipped)
		if err != nil {
			return noEOF(err)
		}
		n -= int64(skipped)
	}
	return nil
}

// read reads so many bytes, of which there are few.
func (e *ebmlReader) read(n int64) ([]byte, error) {
	if n > limit {
		return nil, errEBML
	}
	b := make([]byte, n)
	got, err := io.ReadFull(e.r, b)
	e.at += int64(got)
	return b, noEOF(err)
}

// noEOF is an error of a file that ends in the middle of something.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// isCut reports whether an error says that a file ends, or goes on with what isn't an element: a
// device that crashed has left such a tail.
func isCut(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errEBML)
}

// child is an element in memory.
type child struct {
	id   uint32
	body []byte
}

// children parses elements in memory; what can't be parsed ends them.
func children(b []byte) (list []child) {
	for len(b) > 0 {
		id, n := vintIn(b, true, 4)
		size, m := vintIn(b[n:], false, 8)
		if n == 0 || m == 0 || size > uint64(len(b)-n-m) {
			return list
		}
		end := n + m + int(size)
		list = append(list, child{uint32(id), b[n+m : end]})
		b = b[end:]
	}
	return list
}

// vintIn is vint in memory; n is 0 where there is none.
func vintIn(b []byte, mark bool, most int) (v uint64, n int) {
	if len(b) == 0 {
		return 0, 0
	}
	n = 1
	for bit := byte(0x80); n <= most && b[0]&bit == 0; bit >>= 1 {
		n++
	}
	if n > most || n > len(b) {
		return 0, 0
	}
	v = uint64(b[0])
	if !mark {
		v &= 1<<(8-n) - 1
	}
	for _, c := range b[1:n] {
		v = v<<8 | uint64(c)
	}
	return v, n
}

// number reads an unsigned integer.
func number(b []byte) (v uint64) {
	if len(b) > 8 {
		return 0
	}
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}

// element makes one; its length takes eight bytes, so that it never depends on the content's.
func element(id uint32, bodies ...[]byte) []byte {
	size := 0
	for _, b := range bodies {
		size += len(b)
	}
	e := elementHead(id, int64(size))
	for _, b := range bodies {
		e = append(e, b...)
	}
	return e
}

func elementHead(id uint32, size int64) []byte {
	var e []byte
	for shift := 24; shift >= 0; shift -= 8 {
		if b := byte(id >> shift); b != 0 || len(e) > 0 {
			e = append(e, b)
		}
	}
	return binary.BigEndian.AppendUint64(e, 1<<56|uint64(size))
}

func uintElement(id uint32, v uint64) []byte {
	return element(id, binary.BigEndian.AppendUint64(nil, v))
}

func textElement(id uint32, s string) []byte { return element(id, []byte(s)) }
