package upload

import (
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
)

// sink writes a request's bytes behind those that an upload has. While bytes
// come in it makes a checkpoint now and then, and waits only for the one before.
type sink struct {
	server *Server
	upload *upload
	base   record // as it was before the request
	to     extender
	sum    hash.Hash // of the whole file, up to offset
	offset int64
	saved  int64      // the offset of the latest checkpoint, which may be under way
	saving chan error // gives the outcome of the checkpoint under way; nil if there is none
}

// open makes a sink for an upload.
func (s *Server) open(u *upload) (*sink, error) {
	rec := u.record()
	if err := s.spare(); err != nil {
		return nil, err
	}
	sum, err := rec.restore()
	if err != nil {
		return nil, err
	}
	to, err := s.keep.extend(&rec)
	if err != nil {
		return nil, fmt.Errorf("upload %s: %w", rec.ID, err)
	}
	return &sink{server: s, upload: u, base: rec, to: to, sum: sum, offset: rec.Offset, saved: rec.Offset}, nil
}

var buffers = sync.Pool{New: func() any { return new([256 << 10]byte) }}

// copy takes all bytes of r.
func (k *sink) copy(r io.Reader) error {
	buf := buffers.Get().(*[256 << 10]byte)
	defer buffers.Put(buf)
	for {
		n, ended := r.Read(buf[:])
		if err := k.write(buf[:n]); err != nil {
			return err
		}
		if ended == io.EOF {
			return nil
		}
		if ended != nil {
			return ended
		}
	}
}

func (k *sink) write(b []byte) error {
	n, err := k.to.Write(b)
	k.offset += int64(n)
	k.server.cfg.Observe.Received(n)
	_, _ = k.sum.Write(b[:n])
	if err != nil {
		return err
	}
	if k.offset-k.saved >= k.server.cfg.Checkpoint {
		return k.checkpoint()
	}
	return nil
}

// spare refuses to write when others have filled the disk up to the reserve.
func (s *Server) spare() error {
	if free, err := s.keep.free(); err != nil || free < s.cfg.Reserve {
		return errors.Join(err, errFull)
	}
	return nil
}

// checkpoint begins to make what has been written last, when the checkpoint
// before it is done.
func (k *sink) checkpoint() error {
	if err := k.wait(); err != nil {
		return err
	}
	if err := k.server.spare(); err != nil {
		return err
	}
	offset, state := k.offset, stateOf(k.sum)
	done, commit := make(chan error, 1), k.to.cut()
	k.saved, k.saving = offset, done
	go func() { done <- k.save(offset, state, commit) }()
	return nil
}

func (k *sink) wait() error {
	if k.saving == nil {
		return nil
	}
	err := <-k.saving
	k.saving = nil
	return err
}

// save makes the bytes up to offset last, then says so.
func (k *sink) save(offset int64, state []byte, commit func(*record) error) error {
	err := k.server.update(k.upload, func(rec *record) error {
		if err := commit(rec); err != nil {
			return err
		}
		rec.Offset, rec.Hash, rec.Expires = offset, state, k.server.expiry(offset)
		return rec.seal()
	})
	if err == nil && k.base.Offset == 0 && offset > 0 {
		err = k.server.displace(k.upload)
	}
	return err
}

// finish makes all that was written last.
func (k *sink) finish() error {
	if err := k.wait(); err != nil {
		return err
	}
	return k.save(k.offset, stateOf(k.sum), k.to.cut())
}

// rewind takes back what the request wrote.
func (k *sink) rewind() error {
	if err := k.wait(); err != nil {
		return err
	}
	if k.saved > k.base.Offset {
		err := k.server.update(k.upload, func(rec *record) error { *rec = k.base; return nil })
		if err != nil {
			return err
		}
	}
	return k.to.rewind(&k.base)
}

// Close joins the checkpoint under way and closes the file.
func (k *sink) Close() error {
	_ = k.wait() // only after a failure, which is told already
	return k.to.Close()
}
