package session

import (
	"bytes"
	"crypto/sha256"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// heardEvery is how much older the latest sign of an upload must be for another
// one to be worth a write.
const heardEvery = 10 * time.Minute

// began notes that a recording's bytes begin to come, or go on.
func began(s *state, id string, now instant) ([]change, error) {
	r, err := s.recordingOf(id)
	if err != nil || r.Upload == uploadUploaded || r.Upload == uploadUploading && now.sub(r.Heard) < heardEvery {
		return nil, err
	}
	r.Upload, r.Heard = uploadUploading, now
	return s.putRecording(r), nil
}

// gaveUp notes that an upload which had begun is gone.
func gaveUp(s *state, id string) ([]change, error) {
	r, err := s.recordingOf(id)
	if err != nil || r.Upload != uploadUploading {
		return nil, err
	}
	r.Upload = ""
	return s.putRecording(r), nil
}

// uploaded notes that a recording is a file of this service now. A file that is
// there stays: telling the same again changes nothing.
func uploaded(s *state, f UploadedFile, now instant) ([]change, error) {
	r, err := s.recordingOf(f.RecordingID)
	if err != nil || r.SHA256 != "" {
		return nil, err
	}
	if f.Size == 0 { // it holds nothing, whatever was said of it
		return s.empty(r), nil
	}
	r.Upload, r.Size, r.Path, r.SHA256, r.FileType = uploadUploaded, f.Size, f.Path, f.SHA256, f.Type
	r.Heard = now
	return s.putRecording(r), nil
}

// claimed notes that a device has uploaded its recording, to wherever that is. The
// first word counts, and what this service took in itself more than any.
func claimed(s *state, deviceID, id string, size int64) ([]change, error) {
	r, err := s.ofDevice(deviceID, id)
	if err != nil || r.Upload == uploadUploaded {
		return nil, err
	}
	if size == 0 {
		return s.empty(r), nil
	}
	r.Upload, r.Size = uploadUploaded, size
	return s.putRecording(r), nil
}

// empty notes that what was uploaded of a recording is nothing: it has failed, unless
// there is a file already.
func (s *state) empty(r *recording) []change {
	if r.Upload == uploadUploaded || r.Upload == uploadFailed {
		return nil
	}
	r.Upload = uploadFailed
	return s.putRecording(r)
}

// failed notes that a device has nothing to upload of a take.
func failed(s *state, deviceID, id string) ([]change, error) {
	r, err := s.ofDevice(deviceID, id)
	if err != nil || r.Upload != "" {
		return nil, err
	}
	r.Upload = uploadFailed
	return s.putRecording(r), nil
}

func (s *state) recordingOf(id string) (*recording, error) {
	r := s.recordings[id]
	if r == nil {
		return nil, fault(wire.CodeUnknownRecording, "there is no recording %s", id)
	}
	if r.Deleted || s.isDeleted(r.Take) {
		return nil, deleted(id)
	}
	c := *r
	return &c, nil
}

// completed notes that every recording of the session is uploaded, once for
// each set of recordings: of all who see so at once, one writes the entry.
func completed(s *state, now instant) []change {
	set := s.uploadedSet(now)
	if set == nil || s.completed != nil && bytes.Equal(s.completed.Set, set) {
		return nil
	}
	return []change{s.put(s.completed != nil, &completion{set, now}, kindCompleted)}
}

// uploadedSet names the recordings if there are any, all of them are uploaded
// (but for those that failed) and no take goes on; nil otherwise.
func (s *state) uploadedSet(now instant) []byte {
	if s.meta == nil || s.unplanned() != nil || s.activeTake(now) != nil {
		return nil
	}
	for _, r := range s.recordings { // most often one is missing: that is known before any is sorted
		if !s.settled(r) {
			return nil
		}
	}
	sum, any := sha256.New(), false
	for _, id := range sortedKeys(s.recordings) {
		if r := s.recordings[id]; r.Upload == uploadUploaded {
			any = any || !r.Deleted // what was uploaded counts on: that it is gone completes nothing
			_, _ = sum.Write([]byte(id + "\n"))
		}
	}
	if !any {
		return nil
	}
	return sum.Sum(nil)
}

// settled reports whether nothing of a recording is to come any more.
func (s *state) settled(r *recording) bool {
	return r.Upload == uploadUploaded || r.Upload == uploadFailed || r.Deleted || s.isDeleted(r.Take)
}
