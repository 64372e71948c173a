package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/downbeat-sync/downbeat/api"
	"github.com/downbeat-sync/downbeat/container"
	"github.com/downbeat-sync/downbeat/disks"
	"github.com/downbeat-sync/downbeat/objects"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/takes"
	"github.com/downbeat-sync/downbeat/upload"
	"github.com/downbeat-sync/downbeat/wire"
)

// recordings lets uploads belong to the sessions' recordings.
type recordings struct {
	sessions *session.Service
	disk     string // on which they are taken in; empty: no other instance can be
}

func (r recordings) Begin(ctx context.Context, f upload.File) (upload.Place, error) {
	if f.Size == 0 {
		return upload.Place{}, &upload.Error{Status: http.StatusBadRequest, Code: wire.CodeEmptyUpload, Message: "a file of no bytes is no recording"}
	}
	p, err := r.sessions.UploadBegan(ctx, f.RecordingID, session.Receiver{Disk: r.disk, Instead: api.Instead(ctx)})
	if err != nil {
		return upload.Place{}, refusedUpload(err)
	}
	return upload.Place{Session: p.SessionID, Take: p.TakeID, Device: p.DeviceID}, nil
}

func (r recordings) Done(ctx context.Context, f upload.Finished) error {
	err := r.sessions.UploadDone(ctx, session.UploadedFile{
		RecordingID: f.RecordingID, Size: f.Size, Path: f.Path, SHA256: f.SHA256, Type: f.Type, Disk: r.disk,
	})
	if unwanted(err) {
		return fmt.Errorf("%w: %w", upload.ErrUnwanted, refusedUpload(err))
	}
	return unknownRecording(err)
}

// unwanted reports whether a finished file isn't to be kept.
func unwanted(err error) bool {
	var e *session.Error
	return errors.As(err, &e) && (e.Code == wire.CodeRecordingDeleted || e.Code == wire.CodeEmptyUpload || e.Code == wire.CodeAlreadyUploaded)
}

func (r recordings) GivenUp(ctx context.Context, recordingID string) error {
	err := r.sessions.UploadGivenUp(ctx, recordingID, r.disk)
	if unwanted(err) {
		return nil
	}
	return unknownRecording(err)
}

// rewrite makes a recording whole that was sent while it was made.
func (r recordings) rewrite(ctx context.Context, f upload.Finished, in io.ReaderAt, out io.Writer) (bool, error) {
	err := container.Rewrite(out, in, f.Size, r.about(ctx, f))
	if errors.Is(err, container.ErrAsItIs) {
		return false, nil
	}
	return err == nil, err
}

// about is what a file is to say of itself, as far as the session knows.
func (r recordings) about(ctx context.Context, f upload.Finished) (info container.Info) {
	list, err := r.sessions.StoredRecordings(ctx, f.Session)
	if err != nil {
		return info
	}
	for _, take := range takes.Of(list) {
		for _, rec := range take.Recordings {
			if rec.RecordingID != f.RecordingID {
				continue
			}
			at := take.TakeTimestamp
			if rec.StartTimestamp != nil {
				at = *rec.StartTimestamp
			}
			info = container.Info{Title: cmp.Or(take.PostureLabel, take.Name()), Device: rec.Device(), Created: time.Unix(0, int64(at)).UTC()}
		}
	}
	return info
}

// unknownRecording tells the uploads not to ask again for a recording that is gone.
func unknownRecording(err error) error {
	var e *session.Error
	if errors.As(err, &e) && (e.Code == wire.CodeUnknownRecording || e.Code == wire.CodeSessionNotFound) {
		return fmt.Errorf("%w: %w", upload.ErrUnknown, err)
	}
	return err
}

// refusedUpload is a session's refusal as an upload's client gets it.
func refusedUpload(err error) error {
	var e *session.Error
	if !errors.As(err, &e) {
		return err
	}
	status := wire.StatusOf(e.Code)
	if e.Retry {
		status = http.StatusServiceUnavailable
	}
	return &upload.Error{Status: status, Code: e.Code, Message: e.Message}
}

// takenIn takes uploads in, as signaling guards them.
type takenIn struct{ *upload.Server }

func (t takenIn) ServeUpload(w http.ResponseWriter, r *http.Request, by api.Uploader) {
	t.Serve(w, r, ranks[by])
}

var ranks = map[api.Uploader]upload.Rank{
	api.ByAnybody: upload.Anybody, api.ByLeader: upload.Commander, api.ByRecorder: upload.Recorder,
}

// keptFiles are the recordings on the disks of all instances, and how much of the others is on this one's.
type keptFiles struct {
	uploads *upload.Server
	dir     string
	bucket  *objects.Bucket // in the directory's place
	others  *disks.Disks    // nil: there can't be any
}

// Open opens what lies below the directory, whatever the path or links on it say, or what another
// instance has.
func (f keptFiles) Open(ctx context.Context, of session.Recording) (api.File, error) {
	if f.others != nil && of.Disk != "" && of.Disk != f.others.Disk() {
		return f.others.Open(ctx, of.Disk, "/api/sessions/"+of.SessionID+"/recordings/"+of.RecordingID+"/file", `"`+of.SHA256+`"`)
	}
	if f.bucket != nil {
		return f.bucket.Open(ctx, of.File)
	}
	file, err := os.OpenInRoot(f.dir, filepath.FromSlash(of.File))
	if err != nil {
		return nil, err
	}
	is, err := file.Stat()
	if err == nil && !is.Mode().IsRegular() {
		err = errors.New("it is no file")
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return ownFile{file, is.Size()}, nil
}

// ownFile is a file on this instance's disk.
type ownFile struct {
	*os.File
	size int64
}

// Size implements api.File.
func (f ownFile) Size() int64 { return f.size }

func (f keptFiles) Progress(sessionID string) map[string]api.Progress {
	of := map[string]api.Progress{}
	if f.uploads == nil {
		return of
	}
	for id, p := range f.uploads.Progress(sessionID) {
		of[id] = api.Progress{Offset: p.Offset, Length: p.Length}
	}
	return of
}
