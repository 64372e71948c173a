package api

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// Uploads takes recordings in.
type Uploads interface {
	// ServeUpload answers a request at /api/uploads or below it.
	ServeUpload(w http.ResponseWriter, r *http.Request, by Uploader)
}

// Uploader says who begins an upload. Requests to one that has begun are anybody's: its
// address can't be guessed.
type Uploader int

// Those who may begin the upload of a recording, by how much they have proven.
const (
	ByAnybody  Uploader = iota // in mode open, or where it isn't known whose the recording is
	ByLeader                   // may command the session
	ByRecorder                 // the device that recorded
)

// notYours refuses to take a file for somebody else's recording.
var notYours = &session.Error{
	Code:    wire.CodeNotYourRecording,
	Message: "a recording is uploaded by its device, with its resumeToken, or by who may lead the session",
}

// serveUploads lets those begin an upload who recorded, or may command the
// recording's session.
func (s *Server) serveUploads(w http.ResponseWriter, r *http.Request) {
	r.Method = meant(r)
	if s.cfg.Uploads == nil {
		writeError(w, http.StatusNotFound, noStorage)
		return
	}
	by := ByAnybody
	if r.Method == http.MethodPost {
		var err error
		if by, err = s.uploader(r); err != nil {
			writeError(w, 0, err)
			return
		}
	}
	s.cfg.Uploads.ServeUpload(w, r, by)
}

// uploader tells who wants to begin an upload, and refuses those who may not.
func (s *Server) uploader(r *http.Request) (Uploader, error) {
	open, secret := s.access.Mode() == access.Open, bearer(r)
	if secret == "" {
		if open {
			return ByAnybody, nil
		}
		return 0, s.access.Call(access.Add, "", "") // nothing is looked up for a stranger
	}
	place, err := s.cfg.Sessions.PlaceOf(r.Context(), uploadOf(r.Header.Get("Upload-Metadata")))
	if err != nil {
		return 0, err
	}
	if place.IsOwner(secret) {
		return ByRecorder, nil
	}
	if open {
		is, err := s.cfg.Sessions.IsCreator(r.Context(), place.SessionID, secret)
		if err == nil && is {
			return ByLeader, nil
		}
		return ByAnybody, nil
	}
	r.SetPathValue("id", place.SessionID)
	if err := s.permitted(r, access.Add); err != nil {
		return 0, err
	}
	if s.access.Call(access.Command, place.SessionID, secret) == nil {
		return ByLeader, nil
	}
	if place.HasOwner() {
		return 0, notYours
	}
	return ByAnybody, nil
}

// meant returns the method of a request to the uploads. tus lets clients that can't
// send PATCH or DELETE say it in a header.
func meant(r *http.Request) string {
	if over := r.Header.Get("X-HTTP-Method-Override"); over != "" {
		return strings.ToUpper(over)
	}
	return r.Method
}

// uploadOf finds the recording's id in the metadata of tus: names and values
// in base64, joined by commas.
func uploadOf(metadata string) string {
	for pair := range strings.SplitSeq(metadata, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), " ")
		if name == "recordingId" {
			id, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
			return string(id)
		}
	}
	return ""
}
