package upload

import (
	"cmp"
	"errors"
	"slices"
)

// A recording has one upload that counts. Another one may be begun beside it, as by a client that
// was reloaded and doesn't know where it was; it takes the place of the first once it has brought
// bytes, and only if its client's rank isn't lower. An upload without a byte holds nothing: a
// further creation ends it.

// clear refuses a creation beside an upload of a higher rank, and ends those of the
// recording that have no byte and no request.
func (s *Server) clear(next *record) error {
	others := s.others(next)
	for _, u := range others {
		if u.record().By > next.By {
			return errUnderWay
		}
	}
	for _, u := range others {
		if rec := u.record(); rec.Offset > 0 || next.beside(&rec) {
			continue
		}
		if release, ok := u.turn.try(); ok {
			err := s.endUnbegun(u)
			release()
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// endUnbegun removes an upload if it still has no byte. Its turn is held.
func (s *Server) endUnbegun(u *upload) error {
	if rec := u.record(); rec.Offset > 0 || rec.complete() {
		return nil
	}
	return s.discard(u)
}

// others are the unfinished uploads of a record's recording but for its own.
func (s *Server) others(rec *record) (others []*upload) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.othersLocked(rec)
}

func (s *Server) othersLocked(rec *record) (others []*upload) {
	for _, u := range s.all {
		if other := u.record(); other.RecordingID == rec.RecordingID && other.ID != rec.ID && !other.complete() && !u.displaced.Load() {
			others = append(others, u)
		}
	}
	return others
}

// displace gives an upload that has its first bytes the place of the others of its
// recording. It fails when another one was given it meanwhile: of two that come at once one stays.
func (s *Server) displace(by *upload) error {
	if err := s.keep.renew(0); err != nil {
		return err
	}
	rec := by.record()
	s.mu.Lock()
	if by.displaced.Load() {
		s.mu.Unlock()
		return errUnderWay
	}
	others := slices.DeleteFunc(s.othersLocked(&rec), func(u *upload) bool {
		other := u.record()
		return rec.beside(&other)
	})
	if slices.ContainsFunc(others, func(u *upload) bool { return u.outlives(&rec) }) {
		by.displaced.Store(true)
		s.mu.Unlock()
		return errUnderWay
	}
	for _, u := range others {
		u.displaced.Store(true)
	}
	s.mu.Unlock()
	for _, u := range others {
		u.turn.interrupt() // who holds it removes it
		if release, ok := u.turn.try(); ok {
			s.sweepAside(u)
			release()
		}
	}
	return nil
}

// outlives reports whether an upload that another Server is taking in at the same time stays, and not
// the one with that record: the later one does, as both Servers find.
func (u *upload) outlives(rec *record) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.foreign && u.rec.Offset > 0 && cmp.Or(u.rec.Begun.Compare(rec.Begun), cmp.Compare(u.rec.ID, rec.ID)) > 0
}

// sweepAside removes an upload if another one has its place. Its turn is held.
func (s *Server) sweepAside(u *upload) {
	if !u.displaced.Load() {
		return
	}
	if rec := u.record(); rec.complete() {
		return // it was whole before the other had a byte
	}
	err := s.discard(u)
	for range 5 { // another Server takes bytes in for it
		if !errors.Is(err, errSuperseded) || s.keep.refresh(u) != nil {
			break
		}
		err = s.discard(u)
	}
	if err != nil && !errors.Is(err, errSuperseded) {
		s.cfg.Log.Error("upload_not_removed", "recording", u.record().RecordingID, "err", err)
	}
}
