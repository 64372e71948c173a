package api

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/disks"
	"github.com/downbeat-sync/downbeat/internal/httplimit"
	"github.com/downbeat-sync/downbeat/objects"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// Document is a file that is made for whoever asks for it.
type Document struct {
	Name string // what it is called where it is kept
	Type string // media type
	Body []byte
}

// Exports makes documents of the recordings of one take. Its methods are safe
// for concurrent use.
type Exports interface {
	// FileName is what a recording's file is called where it is kept.
	FileName(r session.Recording) string
	Manifest(take []session.Recording) (Document, error)
	// Timeline and Script are asked for takes alone of which something can be placed.
	Timeline(take []session.Recording) (Document, error)
	Script(take []session.Recording) (Document, error)
}

var (
	noStorage   = &session.Error{Code: wire.CodeNoStorage, Message: "this server keeps no recordings: it was started without --data"}
	notUploaded = &session.Error{Code: wire.CodeNotUploaded, Message: "this recording's file hasn't arrived"}
	fileMissing = &session.Error{Code: wire.CodeFileMissing, Message: "the file isn't on the disk any more"}
	nothing     = &session.Error{Code: wire.CodeNothingToExport, Message: "no recording of the take has its times and a file yet"}
	unknownTake = &session.Error{Code: wire.CodeUnknownTake, Message: "there are no recordings of such a take"}
)

// getFile sends a finished recording, or the ranges of it that are asked for.
func (s *Server) getFile(w http.ResponseWriter, r *http.Request) {
	rec, f, err := s.openRecording(r)
	if err != nil {
		writeError(w, 0, err)
		return
	}
	defer func() { _ = f.Close() }()
	h := w.Header()
	h.Set("Content-Type", mediaType(rec.FileType))
	h.Set("ETag", `"`+rec.SHA256+`"`)
	h.Set("Cache-Control", "private, no-cache")
	asAttachment(h, s.fileName(rec))
	http.ServeContent(httplimit.Stream(w, pieceTime), r, "", time.Time{}, f)
}

// openRecording finds a recording and opens its file.
func (s *Server) openRecording(r *http.Request) (session.Recording, File, error) {
	list, err := s.cfg.Sessions.Recordings(r.Context(), r.PathValue("id"))
	if err != nil {
		return session.Recording{}, nil, err
	}
	for _, rec := range list {
		if rec.RecordingID == r.PathValue("recording") {
			if isPassedOn(r) && rec.Disk != s.cfg.Instances.Disk() {
				return rec, nil, fileMissing
			}
			f, err := s.openFile(r.Context(), rec)
			return rec, f, err
		}
	}
	return session.Recording{}, nil, &session.Error{Code: wire.CodeUnknownRecording, Message: "the session has no such recording"}
}

func (s *Server) openFile(ctx context.Context, rec session.Recording) (File, error) {
	switch {
	case s.cfg.Files == nil:
		return nil, noStorage
	case rec.SHA256 == "":
		return nil, notUploaded
	}
	f, err := s.cfg.Files.Open(ctx, rec)
	switch {
	case errors.Is(err, disks.ErrAway):
		return nil, away
	case errors.Is(err, objects.ErrAway):
		return nil, storageAway
	case errors.Is(err, objects.ErrDenied), errors.Is(err, objects.ErrNoBucket):
		s.log.Error("storage_failed", "code", storageRefused.Code, "err", err)
		return nil, storageRefused
	}
	if err != nil {
		s.log.Warn("recording_unreadable", "recording", rec.RecordingID, "err", err)
		return nil, fileMissing
	}
	if f.Size() != *rec.FileSizeBytes {
		s.log.Error("recording_changed", "recording", rec.RecordingID, "file", rec.File)
		_ = f.Close()
		return nil, fileMissing
	}
	return f, nil
}

func (s *Server) fileName(rec session.Recording) string {
	if s.cfg.Exports == nil {
		return "recording"
	}
	return s.cfg.Exports.FileName(rec)
}

// getManifest sends the manifest of a take as it would be beside its files now.
func (s *Server) getManifest(w http.ResponseWriter, r *http.Request) {
	s.document(w, r, func(take []session.Recording) (Document, error) { return s.cfg.Exports.Manifest(take) })
}

// getTimeline sends a take as an OpenTimelineIO document.
func (s *Server) getTimeline(w http.ResponseWriter, r *http.Request) {
	s.document(w, r, func(take []session.Recording) (Document, error) {
		if !slices.ContainsFunc(take, placed) {
			return Document{}, nothing
		}
		return s.cfg.Exports.Timeline(take)
	})
}

// getScript sends a script that makes a film of a take.
func (s *Server) getScript(w http.ResponseWriter, r *http.Request) {
	s.document(w, r, func(take []session.Recording) (Document, error) {
		if !slices.ContainsFunc(take, placed) {
			return Document{}, nothing
		}
		return s.cfg.Exports.Script(take)
	})
}

// placed reports whether a recording can be laid on a timeline.
func placed(r session.Recording) bool {
	return r.StartTimestamp != nil && r.StopTimestamp != nil && r.File != ""
}

// document answers with what is made of a take.
func (s *Server) document(w http.ResponseWriter, r *http.Request, make func([]session.Recording) (Document, error)) {
	take, err := s.take(r)
	if err != nil {
		writeError(w, 0, err)
		return
	}
	doc, err := make(take)
	if err != nil {
		if err != nothing {
			s.log.Error("export_failed", "take", r.PathValue("take"), "err", err)
		}
		writeError(w, 0, err)
		return
	}
	w.Header().Set("Content-Type", doc.Type)
	w.Header().Set("Cache-Control", "no-store")
	asAttachment(w.Header(), doc.Name)
	_, _ = w.Write(doc.Body)
}

func (s *Server) take(r *http.Request) (take []session.Recording, err error) {
	list, err := s.cfg.Sessions.Recordings(r.Context(), r.PathValue("id"))
	for _, rec := range list {
		if rec.TakeID == r.PathValue("take") {
			take = append(take, rec)
		}
	}
	if err == nil && (take == nil || s.cfg.Exports == nil) {
		err = unknownTake
	}
	return take, err
}

// asAttachment has a browser keep what is sent, and never act on it: it comes from
// whoever may record.
func asAttachment(h http.Header, name string) {
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": name})
	if disposition == "" {
		disposition = "attachment"
	}
	h.Set("Content-Disposition", disposition)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
}

// media are the types that a browser plays and does nothing else with. Those that end
// with +xml may be pages.
var media = regexp.MustCompile(`^(video|audio)/[a-z0-9][a-z0-9.-]*$`)

// mediaType is the type that a file is sent with, of the one that its device told.
func mediaType(told string) string {
	kind, _, _ := strings.Cut(told, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	if !media.MatchString(kind) {
		return "application/octet-stream"
	}
	return kind
}

// pieceTime is how long a client may take for 1 MiB of a file, however long the whole takes.
const pieceTime = time.Minute
