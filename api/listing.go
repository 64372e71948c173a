package api

import (
	"context"
	"io"
	"maps"
	"net/http"
	"slices"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
)

// Files is where this instance keeps recordings. Its methods are safe for
// concurrent use.
type Files interface {
	// Progress tells how much of a session's recordings has arrived here, by
	// the recording's id.
	Progress(sessionID string) map[string]Progress
	// Open opens a recording's finished file, wherever it is; Size -1 is none of a file. It fails with
	// disks.ErrAway where the instance that has it isn't reached.
	Open(ctx context.Context, of session.Recording) (File, error)
}

// File is a finished file.
type File interface {
	io.ReadSeekCloser
	Size() int64 // bytes
}

// Progress is how much of a recording has arrived, in bytes.
type Progress struct {
	Offset int64 `json:"offset"` // on the disk
	Length int64 `json:"length"` // of the whole; negative while it isn't known
}

// listed is a row of the list of recordings.
type listed struct {
	session.Recording
	UploadedBytes *int64  `json:"uploadedBytes"` // on the disk; null but while uploading, and while its instance is away
	UploadLength  *int64  `json:"uploadLength"`  // of the whole; null while it isn't known
	FileURL       *string `json:"fileUrl"`       // null where the file isn't kept
}

// listedTake is a take and what is made of it; what can't be made is null.
type listedTake struct {
	TakeID        string            `json:"takeId"`
	PostureLabel  string            `json:"postureLabel"`
	TakeTimestamp clock.SessionTime `json:"takeTimestamp"`
	Mark          string            `json:"mark"` // good, bad or empty
	Note          string            `json:"note"`
	ManifestURL   string            `json:"manifestUrl"`
	OTIOURL       *string           `json:"otioUrl"`
	FFmpegURL     *string           `json:"ffmpegUrl"`
	ZipURL        *string           `json:"zipUrl"` // null before the first file is here

	// FirstFramesMs is how far apart the devices' first frames are, and how wrong that may be; null
	// before two devices have told theirs.
	FirstFramesMs      *float64 `json:"firstFramesMs"`
	FirstFramesBoundMs *float64 `json:"firstFramesBoundMs"`

	firsts session.Spread
}

// list returns a session's recordings, and how far their uploads are.
func (s *Server) list(r *http.Request) ([]listed, error) {
	recordings, err := s.cfg.Sessions.Recordings(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	progress := s.progress(r.Context(), r.PathValue("id"), recordings)
	rows := make([]listed, 0, len(recordings))
	for _, rec := range recordings {
		row := listed{Recording: rec}
		if p, ok := progress[rec.RecordingID]; ok && rec.UploadStatus == "uploading" {
			row.progress(p)
		}
		if s.cfg.Files != nil && rec.SHA256 != "" {
			row.FileURL = s.link(r, "recordings", rec.SessionID, rec.RecordingID, "file")
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// progress tells how far the uploads of recordings are, here and at the other instances that they go to.
func (s *Server) progress(ctx context.Context, sessionID string, recordings []session.Recording) map[string]Progress {
	all := s.progressHere(sessionID)
	if s.cfg.Instances == nil {
		return all
	}
	elsewhere := map[string]bool{}
	for _, rec := range recordings {
		if rec.UploadStatus == "uploading" && rec.Disk != "" && rec.Disk != s.cfg.Instances.Disk() {
			elsewhere[rec.Disk] = true
		}
	}
	for _, there := range s.progressOf(ctx, sessionID, slices.Collect(maps.Keys(elsewhere))) {
		maps.Copy(all, there)
	}
	return all
}

func (s *Server) progressHere(sessionID string) map[string]Progress {
	all := map[string]Progress{}
	if s.cfg.Files != nil {
		maps.Copy(all, s.cfg.Files.Progress(sessionID))
	}
	return all
}

func (l *listed) progress(p Progress) {
	l.UploadedBytes = &p.Offset
	if p.Length >= 0 {
		l.UploadLength = &p.Length
	}
}

// link returns a link to what is made of a recording or a take.
func (s *Server) link(r *http.Request, kind, sessionID, id, what string) *string {
	to := prefixOf(r) + s.access.Sign("/api/sessions/"+sessionID+"/"+kind+"/"+id+"/"+what)
	return &to
}

// takes returns the takes of a list of recordings.
func (s *Server) takes(r *http.Request, rows []listed) []listedTake {
	takes := []listedTake{}
	if s.cfg.Exports == nil {
		return takes
	}
	for _, rec := range rows {
		if n := len(takes); n == 0 || takes[n-1].TakeID != rec.TakeID {
			takes = append(takes, listedTake{
				TakeID: rec.TakeID, PostureLabel: rec.PostureLabel, TakeTimestamp: rec.TakeTimestamp, Mark: rec.Mark, Note: rec.Note,
				ManifestURL: *s.link(r, "takes", rec.SessionID, rec.TakeID, "manifest"),
			})
		}
		if rec.Part == 1 && rec.StartTimestamp != nil {
			takes[len(takes)-1].spread(rec.First)
		}
		if take := &takes[len(takes)-1]; take.ZipURL == nil && rec.FileURL != nil {
			take.ZipURL = s.link(r, "takes", rec.SessionID, rec.TakeID, "take.zip")
		}
		if take := &takes[len(takes)-1]; take.OTIOURL == nil && placed(rec.Recording) {
			take.OTIOURL = s.link(r, "takes", rec.SessionID, rec.TakeID, "timeline.otio")
			take.FFmpegURL = s.link(r, "takes", rec.SessionID, rec.TakeID, "ffmpeg.sh")
		}
	}
	return takes
}

// spread takes a device's first frame in.
func (t *listedTake) spread(first session.Reading) {
	t.firsts.Add(first)
	if t.firsts.Count() > 1 {
		spread, bound := t.firsts.Of()
		apart, wrong := float64(spread)/1e6, float64(bound)/1e6
		t.FirstFramesMs, t.FirstFramesBoundMs = &apart, &wrong
	}
}

// getRecordings answers with JSON, or with CSV where that is rather accepted.
func (s *Server) getRecordings(w http.ResponseWriter, r *http.Request) {
	rows, err := s.list(r)
	if err == nil && prefersCSV(r.Header.Values("Accept")) {
		w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
		w.Header().Set("Content-Disposition", `attachment; filename="recordings-`+r.PathValue("id")+`.csv"`)
		w.Header().Set("Cache-Control", "no-store")
		_ = writeCSV(w, rows)
		return
	}
	answer(w, http.StatusOK, struct {
		Success    bool         `json:"success"`
		Recordings []listed     `json:"recordings"`
		Takes      []listedTake `json:"takes"`
	}{true, rows, s.takes(r, rows)}, err)
}
