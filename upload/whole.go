package upload

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/downbeat-sync/downbeat/internal/atomicfile"
)

// wholeTimeout bounds what making a file whole may take: the client waits for its answer.
const wholeTimeout = 5 * time.Minute

// whole is what has been made of a file, in the place of what arrived.
type whole struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func (s *disk) whole(id string) string { return filepath.Join(s.parts, id+".whole") }

// makeWhole makes what Config.Rewrite does of a complete file, and notes it. The file
// stays as it arrived where that fails, or where the disk has no room for a second one.
func (s *disk) makeWhole(u *upload) {
	rec := u.record()
	if s.cfg.Rewrite == nil || rec.Whole != nil || !exists(s.part(rec.ID)) {
		return
	}
	if free, err := s.free(); err != nil || free-rec.Size < s.cfg.Reserve {
		s.cfg.Log.Warn("recording_not_rewritten", "recording", rec.RecordingID, "err", err)
		return
	}
	made, err := s.rewrite(&rec)
	if err == nil && made != nil {
		err = s.update(u, func(rec *record) error { rec.Whole = made; return nil })
	}
	if err != nil {
		s.cfg.Log.Warn("recording_not_rewritten", "recording", rec.RecordingID, "err", err)
		_ = remove(s.whole(rec.ID)) // at the next start it goes as well
	}
}

// rewrite writes the file anew, and returns once that is on the disk; nil where the file stays as it is.
func (s *disk) rewrite(rec *record) (*whole, error) {
	in, err := os.Open(s.part(rec.ID))
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	var made *whole
	err = atomicfile.WriteFunc(s.whole(rec.ID), fileMode, func(out io.Writer) (err error) {
		if made, err = s.rewriteTo(out, in, rec); err == nil && made == nil {
			return errUnchanged
		}
		return err
	})
	if errors.Is(err, errUnchanged) {
		return nil, nil
	}
	return made, err
}

// errUnchanged says that a file stays as it arrived.
var errUnchanged = errors.New("upload: there is nothing to rewrite")

func (s *Server) rewriteTo(out io.Writer, in io.ReaderAt, rec *record) (*whole, error) {
	ctx, cancel := context.WithTimeout(s.ctx, wholeTimeout)
	defer cancel()
	sum, size := sha256.New(), counter(0)
	w := bufio.NewWriterSize(io.MultiWriter(out, sum, &size), 256<<10)
	changed, err := s.cfg.Rewrite(ctx, rec.finished(), &patient{ctx, in}, w)
	if err == nil {
		err = w.Flush()
	}
	if err != nil || !changed {
		return nil, err
	}
	return &whole{int64(size), hex.EncodeToString(sum.Sum(nil))}, nil
}

// patient reads until its context ends.
type patient struct {
	ctx context.Context
	io.ReaderAt
}

func (p *patient) ReadAt(b []byte, at int64) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.ReaderAt.ReadAt(b, at)
}

// counter counts bytes.
type counter int64

func (n *counter) Write(b []byte) (int, error) {
	*n += counter(len(b))
	return len(b), nil
}
