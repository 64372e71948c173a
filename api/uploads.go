package api

import (
	"context"
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
// recording's session. What another instance has or takes in, it answers.
func (s *Server) serveUploads(w http.ResponseWriter, r *http.Request) {
	r.Method = meant(r)
	if as, ok := passedOn(r); ok {
		s.takeIn(w, r, uploaderIn(as))
		return
	}
	if s.cfg.Uploads == nil && s.cfg.Instances == nil {
		writeError(w, http.StatusNotFound, noStorage)
		return
	}
	by, disk, err := s.receiver(r)
	if err != nil {
		writeError(w, 0, err)
		return
	}
	if s.cfg.Instances != nil && disk != "" && disk != s.cfg.Instances.Disk() {
		if s.forward(w, r, disk, by) {
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), insteadKey{}, disk))
	}
	s.takeIn(w, r, by)
}

func (s *Server) takeIn(w http.ResponseWriter, r *http.Request, by Uploader) {
	if s.cfg.Uploads == nil {
		writeError(w, http.StatusNotFound, noStorage)
		return
	}
	s.cfg.Uploads.ServeUpload(w, r, by)
}

// receiver tells who uploads, and which disk has what has come of it: empty for none, or for this instance's.
func (s *Server) receiver(r *http.Request) (by Uploader, disk string, err error) {
	if r.Method != http.MethodPost {
		return ByAnybody, diskOf(r.URL.Path), nil
	}
	by, place, err := s.uploader(r)
	return by, place.Disk, err
}

// uploader tells who wants to begin an upload, and of what, and refuses those who may not.
func (s *Server) uploader(r *http.Request) (Uploader, session.Place, error) {
	open, secret := s.access.Mode() == access.Open, bearer(r)
	if secret == "" && !open {
		return 0, session.Place{}, s.access.Call(access.Add, "", "") // nothing is looked up for a stranger
	}
	if secret == "" && s.cfg.Instances == nil {
		return ByAnybody, session.Place{}, nil
	}
	place, err := s.cfg.Sessions.PlaceOf(r.Context(), uploadOf(r.Header.Get("Upload-Metadata")))
	if secret == "" {
		return ByAnybody, place, nil // an error is told by whoever takes it in, who looks at more
	}
	if err != nil {
		return 0, place, err
	}
	by, err := s.rank(r, place, secret)
	return by, place, err
}

// rank tells what a client has proven who wants to upload a recording.
func (s *Server) rank(r *http.Request, place session.Place, secret string) (Uploader, error) {
	if place.IsOwner(secret) {
		return ByRecorder, nil
	}
	if s.access.Mode() == access.Open {
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
