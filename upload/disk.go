package upload

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/internal/atomicfile"
)

// disk is the keeper on a directory that is one Server's alone.
type disk struct {
	*Server
	parts    string     // the directory of unfinished files
	settling sync.Mutex // while a finished file gets its place
}

func (s *disk) part(id string) string { return filepath.Join(s.parts, id+".part") }

// Nobody else changes anything.
func (s *disk) renew(time.Duration) error      { return nil }
func (s *disk) renewOne(*upload) error         { return nil }
func (s *disk) refresh(*upload) error          { return nil }
func (s *disk) take(*upload) error             { return nil }
func (s *disk) lookUp(string) (*upload, error) { return nil, nil }

func (s *disk) free() (int64, error) { return s.cfg.Free(s.parts) }

func (s *disk) begin(rec *record) (string, error) {
	if err := atomicfile.Write(s.part(rec.ID), fileMode, nil); err != nil {
		return "", err
	}
	return s.save(rec, "")
}

// save returns once the record is on the disk.
func (s *disk) save(rec *record, _ string) (string, error) {
	b, err := json.Marshal(rec)
	if err != nil {
		return "", fmt.Errorf("upload %s: %w", rec.ID, err)
	}
	return "", atomicfile.Write(filepath.Join(s.parts, rec.ID+".json"), fileMode, b)
}

func (s *disk) remove(rec *record, _ string) error {
	id := rec.ID
	return errors.Join(remove(filepath.Join(s.parts, id+".json")), remove(s.part(id)), remove(s.whole(id)), atomicfile.SyncDir(s.parts))
}

func (s *disk) open(rec *record) (io.ReadCloser, error) { return os.Open(s.part(rec.ID)) }

// appended is a file that grows at its end.
type appended struct {
	*os.File
}

// extend opens an upload's file at its offset, and cuts off what lies behind it.
func (s *disk) extend(rec *record) (extender, error) {
	f, err := os.OpenFile(s.part(rec.ID), os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	a := appended{f}
	if err := a.rewind(rec); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return a, nil
}

func (a appended) cut() func(*record) error { return func(*record) error { return a.Sync() } }

func (a appended) rewind(to *record) error {
	if err := a.Truncate(to.Offset); err != nil {
		return err
	}
	_, err := a.Seek(to.Offset, io.SeekStart)
	return err
}

func (s *disk) uploaded(rec *record) (bool, error) {
	files, _ := os.ReadDir(filepath.Join(s.cfg.Dir, "recordings", rec.Session, rec.Take))
	return slices.ContainsFunc(files, func(f os.DirEntry) bool { return strings.HasPrefix(f.Name(), rec.RecordingID+"-") }), nil
}

func (s *disk) dropSession(session string) error {
	s.settling.Lock()
	defer s.settling.Unlock()
	dir := filepath.Join(s.cfg.Dir, "recordings")
	return errors.Join(os.RemoveAll(filepath.Join(dir, session)), atomicfile.SyncDir(dir))
}

func (s *disk) dropTake(session, take string) error {
	s.settling.Lock()
	defer s.settling.Unlock()
	of := filepath.Join(s.cfg.Dir, "recordings", session)
	if !exists(filepath.Join(of, take)) {
		return nil
	}
	return errors.Join(removeDir(filepath.Join(of, take)), prune(of))
}

// drop removes a finished file, and the directories that were made for it alone.
func (s *disk) drop(rec *record) error {
	s.settling.Lock()
	defer s.settling.Unlock()
	name := filepath.Join(s.cfg.Dir, rec.path())
	take := filepath.Dir(name)
	return errors.Join(remove(name), prune(take), prune(filepath.Dir(take)))
}

// removeDir removes a directory into which somebody may just be writing.
func removeDir(dir string) (err error) {
	for range 10 {
		if err = os.RemoveAll(dir); err == nil {
			break
		}
	}
	return err
}

// prune removes a directory that has become empty, and makes that last.
func prune(dir string) error {
	if os.Remove(dir) != nil && exists(dir) {
		return atomicfile.SyncDir(dir) // others are in it
	}
	return atomicfile.SyncDir(filepath.Dir(dir))
}

// remove removes a file that may not be there.
func remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
