package session

import (
	"context"
	"encoding/hex"
	"maps"
	"slices"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/internal/text"
	"github.com/downbeat-sync/downbeat/wire"
)

// Place is which take of which session a recording is of.
type Place struct {
	SessionID string
	TakeID    string // the start command's id: letters, digits and hyphens
	DeviceID  string
	Disk      string // that has the file, or what has come of it; empty: none yet, or every instance reaches it

	owner string // hash of the secret in the device's resumeToken; none of recordings of before it was kept
}

// IsOwner reports whether a resumeToken is the one of the device that records.
func (p Place) IsOwner(resumeToken string) bool {
	_, secret := rules.ParseSecret(resumeToken)
	return rules.Matches(secret, []byte(p.owner))
}

// HasOwner reports whether it is known who records.
func (p Place) HasOwner() bool { return p.owner != "" }

// UploadBegan notes that a recording's upload begins, and tells where the
// recording belongs. Saying so again tells that it goes on, which is activity of the session. It fails with the code
// unknown_recording when no session has it, upload_under_way when its bytes go to another disk, and
// already_uploaded when that has all of them.
func (s *Service) UploadBegan(ctx context.Context, recordingID string, to Receiver) (Place, error) {
	return s.ofRecording(ctx, recordingID, func(st *rules.State, now rules.Instant) ([]rules.Change, error) {
		return rules.Began(st, recordingID, to, now)
	})
}

// UploadGivenUp notes that an upload that had begun is removed unfinished from a disk.
func (s *Service) UploadGivenUp(ctx context.Context, recordingID, disk string) error {
	_, err := s.ofRecording(ctx, recordingID, func(st *rules.State, _ rules.Instant) ([]rules.Change, error) {
		return rules.GaveUp(st, recordingID, disk)
	})
	return err
}

// UploadDone notes that a recording is uploaded. It may be told again; any other file
// than the first is refused with already_uploaded. With the last one missing the session is completed. A file
// without a byte is refused with the code empty_upload, and its recording has failed; one
// of a recording that was deleted with recording_deleted.
func (s *Service) UploadDone(ctx context.Context, f UploadedFile) error {
	if sum, err := hex.DecodeString(f.SHA256); f.Size < 0 || err != nil || len(sum) != 32 || !text.Fits(f.Path, 1024) || !text.Fits(f.Type, 127) {
		return rules.Fault(wire.CodeBadSize, "a file has a size, a path and a SHA-256")
	}
	_, err := s.ofRecording(ctx, f.RecordingID, func(st *rules.State, now rules.Instant) ([]rules.Change, error) {
		return rules.Uploaded(st, f, now)
	})
	if err == nil && f.Size == 0 {
		return rules.Fault(wire.CodeEmptyUpload, "the file of recording %s has no bytes", f.RecordingID)
	}
	return err
}

// PlaceOf tells where a recording belongs.
func (s *Service) PlaceOf(ctx context.Context, recordingID string) (Place, error) {
	if !rules.IsID(recordingID, "") {
		return Place{}, rules.Fault(wire.CodeUnknownRecording, "there is no such recording")
	}
	if place, ok := s.placeHere(recordingID); ok {
		return place, nil
	}
	found, err := s.cfg.Store.List(ctx, rules.RecordingsOf(recordingID))
	if err != nil {
		return Place{}, unavailable("looking for the recording", err)
	}
	for _, e := range found {
		sessionID, _, _, err := rules.ParseKey(e.Key)
		r, badRecord := rules.Decode[rules.RecordingRecord](rules.Entry(e))
		if err == nil && badRecord == nil && r != nil && r.Deleted {
			return Place{}, rules.Deleted(recordingID)
		}
		if err == nil && badRecord == nil && r != nil {
			return Place{sessionID, r.Take, r.DeviceID, r.Disk, string(r.Owner)}, nil
		}
	}
	return Place{}, rules.Fault(wire.CodeUnknownRecording, "there is no recording %s", recordingID)
}

// placeHere tells where a recording belongs that is of a session which is followed here.
func (s *Service) placeHere(recordingID string) (Place, bool) {
	s.mu.Lock()
	rooms := slices.Collect(maps.Values(s.rooms))
	s.mu.Unlock()
	for _, r := range rooms {
		r.mu.Lock()
		is := r.state.Recordings[recordingID]
		r.mu.Unlock()
		if is != nil && !is.Deleted {
			return Place{r.id, is.Take, is.DeviceID, is.Disk, string(is.Owner)}, true
		}
	}
	return Place{}, false
}

// ofRecording changes a recording, and completes the session if it was the last.
func (s *Service) ofRecording(ctx context.Context, id string, step transition) (Place, error) {
	place, err := s.PlaceOf(ctx, id)
	if err != nil {
		return Place{}, err
	}
	err = s.visit(ctx, place.SessionID, func(r *room) error {
		if err := r.update(ctx, step); err != nil {
			return err
		}
		return r.update(ctx, sure(rules.Completed))
	})
	return place, err
}

// UploadCompleted notes that the device has uploaded a recording of its own, of
// so many bytes. Saying so again changes nothing.
func (m *Member) UploadCompleted(ctx context.Context, recordingID string, size int64) error {
	if size < 0 || size > rules.MaxFileSize {
		return rules.Fault(wire.CodeBadSize, "fileSizeBytes must be a number of bytes that isn't negative")
	}
	err := m.update(ctx, func(s *rules.State, _ rules.Instant) ([]rules.Change, error) {
		return rules.Claimed(s, m.deviceID, recordingID, size)
	})
	if err != nil {
		return err
	}
	return m.update(ctx, sure(rules.Completed))
}

// RecordingFailed notes that the device has nothing to upload of a take.
func (m *Member) RecordingFailed(ctx context.Context, recordingID string) error {
	err := m.update(ctx, func(s *rules.State, _ rules.Instant) ([]rules.Change, error) {
		return rules.Failed(s, m.deviceID, recordingID)
	})
	if err != nil {
		return err
	}
	return m.update(ctx, sure(rules.Completed))
}
