package rules

import (
	"bytes"
	"crypto/sha256"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// heardEvery is how much older the latest sign of an upload must be for another
// one to be worth a write.
const heardEvery = 10 * time.Minute

// Receiver is the disk that takes a recording in.
type Receiver struct {
	Disk    string // its name; empty: every instance reaches what is taken in
	Instead string // another disk that isn't reached any more, and may have begun to
}

// Began notes that a recording's bytes begin to come to a disk, or go on. Where they go to another one
// already, that is refused.
func Began(s *State, id string, to Receiver, now Instant) ([]Change, error) {
	r, err := s.recordingOf(id)
	elsewhere := err == nil && r.Disk != to.Disk
	switch {
	case err != nil:
		return nil, err
	case elsewhere && r.SHA256 != "":
		return nil, alreadyUploaded(id)
	case elsewhere && r.Upload == UploadUploading && r.Disk != "" && r.Disk != to.Instead:
		return nil, Fault(wire.CodeUploadUnderWay, "recording %s is being uploaded to another instance", id)
	case r.Upload == UploadUploaded, !elsewhere && r.Upload == UploadUploading && now.Sub(r.Heard) < heardEvery:
		return nil, nil
	}
	r.Upload, r.Heard, r.Disk = UploadUploading, now, to.Disk
	return s.putRecording(r), nil
}

// GaveUp notes that an upload which had begun is gone from a disk.
func GaveUp(s *State, id, disk string) ([]Change, error) {
	r, err := s.recordingOf(id)
	if err != nil || r.Upload != UploadUploading || r.Disk != disk {
		return nil, err
	}
	r.Upload, r.Disk = "", ""
	return s.putRecording(r), nil
}

func alreadyUploaded(id string) *Error {
	return Fault(wire.CodeAlreadyUploaded, "recording %s has been uploaded", id)
}

// Uploaded notes that a recording is a file of this service now. A file that is
// there stays: telling the same again changes nothing, another one is refused.
func Uploaded(s *State, f UploadedFile, now Instant) ([]Change, error) {
	r, err := s.recordingOf(f.RecordingID)
	switch {
	case err != nil:
		return nil, err
	case r.SHA256 != "" && (r.SHA256 != f.SHA256 || r.Path != f.Path || r.Disk != f.Disk):
		return nil, alreadyUploaded(f.RecordingID)
	case r.SHA256 != "":
		return nil, nil
	}
	if f.Size == 0 { // it holds nothing, whatever was said of it
		return s.empty(r), nil
	}
	r.Upload, r.Size, r.Path, r.SHA256, r.FileType, r.Disk = UploadUploaded, f.Size, f.Path, f.SHA256, f.Type, f.Disk
	r.Heard = now
	return s.putRecording(r), nil
}

// Claimed notes that a device has uploaded its recording, to wherever that is. The
// first word counts, and what this service took in itself more than any.
func Claimed(s *State, deviceID, id string, size int64) ([]Change, error) {
	r, err := s.ofDevice(deviceID, id)
	if err != nil || r.Upload == UploadUploaded {
		return nil, err
	}
	if size == 0 {
		return s.empty(r), nil
	}
	r.Upload, r.Size = UploadUploaded, size
	return s.putRecording(r), nil
}

// empty notes that what was uploaded of a recording is nothing: it has failed, unless
// there is a file already.
func (s *State) empty(r *RecordingRecord) []Change {
	if r.Upload == UploadUploaded || r.Upload == UploadFailed {
		return nil
	}
	r.Upload = UploadFailed
	return s.putRecording(r)
}

// Failed notes that a device has nothing to upload of a take.
func Failed(s *State, deviceID, id string) ([]Change, error) {
	r, err := s.ofDevice(deviceID, id)
	if err != nil || r.Upload != "" {
		return nil, err
	}
	r.Upload = UploadFailed
	return s.putRecording(r), nil
}

func (s *State) recordingOf(id string) (*RecordingRecord, error) {
	r := s.Recordings[id]
	if r == nil {
		return nil, Fault(wire.CodeUnknownRecording, "there is no recording %s", id)
	}
	if r.Deleted || s.IsDeleted(r.Take) {
		return nil, Deleted(id)
	}
	c := *r
	return &c, nil
}

// Completed notes that every recording of the session is uploaded, once for
// each set of recordings: of all who see so at once, one writes the entry.
func Completed(s *State, now Instant) []Change {
	set := s.uploadedSet(now)
	if set == nil || s.completed != nil && bytes.Equal(s.completed.Set, set) {
		return nil
	}
	return []Change{s.Put(s.completed != nil, &completion{set, now}, KindCompleted)}
}

// uploadedSet names the recordings if there are any, all of them are uploaded
// (but for those that failed) and no take goes on; nil otherwise.
func (s *State) uploadedSet(now Instant) []byte {
	if s.Meta == nil || s.unplanned() != nil || s.activeTake(now) != nil {
		return nil
	}
	for _, r := range s.Recordings { // most often one is missing: that is known before any is sorted
		if !s.settled(r) {
			return nil
		}
	}
	sum, any := sha256.New(), false
	for _, id := range sortedKeys(s.Recordings) {
		if r := s.Recordings[id]; r.Upload == UploadUploaded {
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
func (s *State) settled(r *RecordingRecord) bool {
	return r.Upload == UploadUploaded || r.Upload == UploadFailed || r.Deleted || s.IsDeleted(r.Take)
}

// UploadedFile is a recording that has arrived as a whole.
type UploadedFile struct {
	RecordingID string
	Size        int64  // bytes
	Path        string // below the directory of the service's files
	SHA256      string // hexadecimal
	Type        string // its media type, as the device told it; may be empty
	Disk        string // that has the file; empty: every instance reaches it
}

// MaxFileSize is the largest that JSON's numbers tell exactly.
const MaxFileSize = 1<<53 - 1
