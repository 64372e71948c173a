package upload

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"github.com/downbeat-sync/downbeat/internal/atomicfile"
)

// load makes the directories, reads the records, and removes files without one. A
// record that can't be used stays where it is, for somebody to look at.
func (s *disk) load() error {
	for _, dir := range []string{s.parts, filepath.Join(s.cfg.Dir, "recordings")} {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return err
		}
	}
	files, err := os.ReadDir(s.parts)
	if err := errors.Join(err, atomicfile.SyncDir(s.cfg.Dir)); err != nil {
		return err
	}
	for _, f := range files {
		if id, ok := strings.CutSuffix(f.Name(), ".json"); ok && uuid.Validate(id) == nil {
			if err := s.adopt(id); err != nil {
				s.cfg.Log.Error("upload_lost", "upload", id, "err", err)
			}
		}
	}
	for _, f := range files {
		if id, ok := strings.CutSuffix(f.Name(), ".whole"); ok && (s.all[id] == nil || s.all[id].rec.Whole == nil) {
			if err := os.Remove(filepath.Join(s.parts, f.Name())); err != nil {
				return err
			}
		}
		id, ok := strings.CutSuffix(f.Name(), ".part")
		if ok && !exists(filepath.Join(s.parts, id+".json")) || strings.HasSuffix(f.Name(), ".tmp") {
			if err := os.Remove(filepath.Join(s.parts, f.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// adopt takes an upload in as its record has it.
func (s *disk) adopt(id string) error {
	b, err := os.ReadFile(filepath.Join(s.parts, id+".json"))
	if err != nil {
		return err
	}
	u := &upload{turn: newTurn()}
	if err := json.Unmarshal(b, &u.rec); err != nil {
		return err
	}
	if err := s.sound(id, &u.rec); err != nil {
		return err
	}
	if u.rec.Concat == ofParts && !u.rec.complete() { // its client asks for it once more: the parts are there
		return remove(filepath.Join(s.parts, id+".json"))
	}
	s.all[id] = u
	return nil
}

// sound refuses a record that its file doesn't bear out.
func (s *disk) sound(id string, r *record) error {
	if err := r.sound(id); err != nil {
		return err
	}
	at, least := s.part(id), r.Offset
	if r.Whole != nil {
		at, least = s.whole(id), r.Whole.Size
	}
	if r.complete() && !exists(at) {
		at = filepath.Join(s.cfg.Dir, r.path())
	}
	switch f, err := os.Stat(at); {
	case r.Told:
		return nil // the file is whose it belongs to
	case err != nil:
		return err
	case f.Size() < least:
		return fmt.Errorf("the file has %d bytes, %d were on the disk", f.Size(), least)
	}
	return nil
}

// sound refuses a record that isn't one of an upload.
func (r *record) sound(id string) error {
	if r.ID != id || !isWord(r.Session) || !isWord(r.Take) || r.File.validate() != nil {
		return errors.New("its record is not one of ours")
	}
	if err := r.consistent(); err != nil {
		return err
	}
	if r.Pieces != nil {
		size := int64(0)
		for _, p := range r.Pieces {
			size += p.Size
		}
		if size != r.Offset {
			return fmt.Errorf("its pieces have %d of %d bytes", size, r.Offset)
		}
	}
	_, err := r.restore()
	return err
}

// consistent refuses a record whose fields contradict each other: sizes of it are summed up and subtracted.
func (r *record) consistent() error {
	counts := r.Size >= -1 && r.Size <= maxSize && r.Offset >= 0 && r.Offset <= maxSize && (r.Size < 0 || r.Offset <= r.Size)
	whole := r.Whole == nil || r.complete() && r.Whole.Size >= 0 && r.Whole.Size <= maxSize
	switch {
	case !counts:
		return fmt.Errorf("its record has %d of %d bytes", r.Offset, r.Size)
	case r.complete() && (r.Offset != r.Size || r.Concat == isPart), r.Told && !r.complete(), !whole:
		return errors.New("its record contradicts itself about what is complete")
	case r.Concat != "" && r.Concat != isPart && r.Concat != ofParts, r.By < Anybody || r.By > Recorder:
		return errors.New("its record is of a kind that isn't known here")
	}
	return nil
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}
