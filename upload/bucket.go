package upload

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/downbeat-sync/downbeat/objects"
)

// bucket is the keeper in a bucket that several Servers may use at once. In it are
//
//	uploads/<id>.json   the record, changed by compare-and-set alone
//	pieces/<id>/<name>  bytes that the record counts; others are of writers that came too late
//	recordings/…        as on a disk; the metadata of a file name its upload
type bucket struct {
	*Server
	bucket *objects.Bucket

	mu      sync.Mutex
	renewed time.Time
}

const recordsBegin = "uploads/"

func recordName(id string) string { return recordsBegin + id + ".json" }
func piecesOf(id string) string   { return "pieces/" + id + "/" }

func (s *bucket) load() error { return s.renew(0) }

// readAtOnce is how many records are read at a time.
const readAtOnce = 16

// renew lists the records, and reads those that others have changed. Uploads that have requests here
// are left to these.
func (s *bucket) renew(old time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); old > 0 && now.Sub(s.renewed) < old {
		return nil
	}
	before := map[string]*upload{}
	for _, u := range s.list() {
		if id, version := u.stored(); version != "" {
			before[id] = u
		}
	}
	records, err := s.bucket.List(s.ctx, recordsBegin)
	if err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(readAtOnce)
	for _, o := range records {
		id := strings.TrimSuffix(strings.TrimPrefix(o.Name, recordsBegin), ".json")
		u := before[id]
		delete(before, id)
		if _, version := u.stored(); version == o.Tag || uuid.Validate(id) != nil {
			continue
		}
		group.Go(func() error {
			if u == nil {
				_, err := s.lookUp(id)
				return err
			}
			return s.renewOne(u)
		})
	}
	err = group.Wait()
	for _, u := range before {
		err = errors.Join(err, s.renewOne(u)) // it isn't listed any more
	}
	s.renewed = time.Now()
	return err
}

func (s *bucket) renewOne(u *upload) error {
	if release, ok := u.turn.try(); ok {
		defer release()
		if err := s.refresh(u); !errors.Is(err, errUnknown) {
			return err
		}
	}
	return nil
}

// stored returns an upload's id and the version of its record; of nil nothing.
func (u *upload) stored() (id, version string) {
	if u == nil {
		return "", ""
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.rec.ID, u.version
}

// read returns a record with its version, or fs.ErrNotExist.
func (s *bucket) read(id string) (rec record, version string, err error) {
	b, version, err := s.bucket.Get(s.ctx, recordName(id))
	if err != nil {
		return rec, "", err
	}
	if err = json.Unmarshal(b, &rec); err == nil {
		err = rec.sound(id)
	}
	if err == nil && rec.Gone {
		err = fs.ErrNotExist
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.cfg.Log.Error("upload_lost", "upload", id, "err", err)
		err = fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return rec, version, err
}

func (s *bucket) lookUp(id string) (*upload, error) {
	rec, version, err := s.read(id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s.Server.mu.Lock()
	defer s.Server.mu.Unlock()
	if u := s.all[id]; u != nil {
		return u, nil
	}
	u := &upload{turn: newTurn(), rec: rec, version: version, seen: time.Now(), foreign: true}
	s.all[id] = u
	return u, nil
}

func (s *bucket) refresh(u *upload) error {
	id, before := u.stored()
	rec, version, err := s.read(id)
	if errors.Is(err, fs.ErrNotExist) {
		s.Server.mu.Lock()
		defer s.Server.mu.Unlock()
		if s.all[id] == u {
			delete(s.all, id)
		}
		return errUnknown
	}
	if err != nil || version == before {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.rec, u.version, u.seen, u.foreign = rec, version, time.Now(), true
	return nil
}

// take writes the record anew if another Server has written it last: a request there may still be
// writing, and finds out.
func (s *bucket) take(u *upload) (err error) {
	for range 3 {
		if err = s.refresh(u); err != nil || !u.another() {
			return err
		}
		err = s.update(u, func(rec *record) error { rec.Taken = rand.Text(); return nil })
		if !errors.Is(err, errSuperseded) {
			return err
		}
	}
	return err
}

// another reports whether another Server wrote the record, and it is unfinished.
func (u *upload) another() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.foreign && !u.rec.complete()
}

func (s *bucket) begin(rec *record) (string, error) { return s.save(rec, "") }

func (s *bucket) save(rec *record, before string) (string, error) {
	b, err := json.Marshal(rec)
	if err != nil {
		return "", err
	}
	version, err := s.bucket.Put(s.ctx, recordName(rec.ID), b, before)
	if errors.Is(err, objects.ErrChanged) {
		return "", errSuperseded
	}
	return version, err
}

// remove says first that the upload is gone, so that nobody goes on with it while its bytes are removed.
func (s *bucket) remove(rec *record, before string) error {
	gone := *rec
	gone.Gone = true
	if _, err := s.save(&gone, before); err != nil && before != "" {
		if _, _, now := s.read(rec.ID); errors.Is(now, fs.ErrNotExist) {
			return nil // another Server removes it
		}
		return err
	}
	return errors.Join(s.bucket.RemoveAll(s.ctx, piecesOf(rec.ID)), s.bucket.Remove(s.ctx, recordName(rec.ID)))
}

// free: nobody tells how much room a bucket has. What is full refuses to be written to.
func (s *bucket) free() (int64, error) { return 1 << 62, nil }

// buffered holds what a request writes until it becomes a piece.
type buffered struct {
	keeper *bucket
	buf    []byte
}

func (s *bucket) extend(*record) (extender, error) { return &buffered{keeper: s}, nil }

func (p *buffered) Write(b []byte) (int, error) { p.buf = append(p.buf, b...); return len(b), nil }
func (p *buffered) Close() error                { return nil }
func (p *buffered) rewind(*record) error        { p.buf = nil; return nil }

func (p *buffered) cut() func(*record) error {
	body := p.buf
	p.buf = nil
	return func(rec *record) error { return p.keeper.add(rec, body) }
}

// add writes a piece behind those of a record.
func (s *bucket) add(rec *record, body []byte) error {
	if len(body) == 0 {
		return nil
	}
	small := len(rec.Pieces)
	for small > 0 && rec.Pieces[small-1].Size < smallPiece {
		small--
	}
	kept := rec.Pieces
	if len(rec.Pieces)-small >= mostSmall {
		joined, err := s.join(rec.ID, rec.Pieces[small:])
		if err != nil {
			return err
		}
		kept, body = rec.Pieces[:small], append(joined, body...)
	}
	next := piece{Name: rand.Text()[:12], Size: int64(len(body))}
	if err := s.bucket.Write(s.ctx, piecesOf(rec.ID)+next.Name, body); err != nil {
		return err
	}
	rec.Pieces = append(slices.Clip(kept), next)
	return nil
}

// Recorders send a little each second. So that a record stays small, the last pieces are made one
// when there are mostSmall with less than smallPiece bytes each; those that it is made of stay until
// the upload's end, since who writes the record next may be another.
const (
	smallPiece = 1 << 20
	mostSmall  = 16
)

func (s *bucket) join(id string, pieces []piece) ([]byte, error) {
	r := s.reader(s.ctx, &record{ID: id, Pieces: pieces})
	b, err := io.ReadAll(r)
	return b, errors.Join(err, r.Close())
}

// content is an upload's bytes.
type content struct {
	*io.SectionReader
	io.Closer
}

func (s *bucket) reader(ctx context.Context, rec *record) content {
	names, sizes, size := make([]string, len(rec.Pieces)), make([]int64, len(rec.Pieces)), int64(0)
	for i, p := range rec.Pieces {
		names[i], sizes[i] = piecesOf(rec.ID)+p.Name, p.Size
		size += p.Size
	}
	joined := s.bucket.Join(ctx, names, sizes)
	return content{io.NewSectionReader(joined, 0, size), joined}
}

func (s *bucket) open(rec *record) (io.ReadCloser, error) { return s.reader(s.ctx, rec), nil }

func (s *bucket) uploaded(rec *record) (bool, error) {
	files, err := s.bucket.List(s.ctx, "recordings/"+rec.Session+"/"+rec.Take+"/"+rec.RecordingID+"-")
	return len(files) > 0, err
}

func (s *bucket) drop(rec *record) error {
	is, err := s.bucket.Stat(s.ctx, rec.finished().Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || is.Metadata[ofUpload] != rec.ID {
		return err
	}
	return s.bucket.Remove(s.ctx, is.Name)
}

func (s *bucket) dropTake(session, take string) error {
	return s.bucket.RemoveAll(s.ctx, "recordings/"+session+"/"+take+"/")
}

func (s *bucket) dropSession(session string) error {
	return s.bucket.RemoveAll(s.ctx, "recordings/"+session+"/")
}
