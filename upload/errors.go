package upload

import (
	"encoding/json"
	"errors"
	"net/http"
	"syscall"
)

// Error is a refusal as the client sees it. Recordings.Begin refuses with one.
type Error struct {
	Status        int // of HTTP
	Code, Message string
}

func (e *Error) Error() string { return e.Message }

var (
	errUnknown     = &Error{http.StatusNotFound, "unknown_upload", "there is no such upload, or it has expired"}
	errNotFound    = &Error{http.StatusNotFound, "not_found", "there is no such call"}
	errVersion     = &Error{http.StatusPreconditionFailed, "bad_tus_version", "Tus-Resumable must be 1.0.0"}
	errContentType = &Error{http.StatusUnsupportedMediaType, "bad_content_type", "Content-Type must be application/offset+octet-stream"}
	errOffset      = &Error{http.StatusConflict, "offset_mismatch", "Upload-Offset isn't where this upload is: ask by HEAD"}
	errTooLarge    = &Error{http.StatusRequestEntityTooLarge, "upload_too_large", "the file is larger than this server takes"}
	errTooLong     = &Error{http.StatusRequestEntityTooLarge, "upload_too_long", "more bytes than Upload-Length said"}
	errFull        = &Error{http.StatusInsufficientStorage, "disk_full", "there isn't enough free space for this file"}
	errTooMany     = &Error{http.StatusTooManyRequests, "too_many_uploads", "too many unfinished uploads"}
	errAlready     = &Error{http.StatusConflict, "already_uploaded", "this recording has been uploaded"}
	errUnderWay    = &Error{http.StatusLocked, "upload_under_way", "another upload of this recording is under way"}
	errSuperseded  = &Error{http.StatusLocked, "superseded", "a newer request goes on with this upload"}
	errBody        = &Error{http.StatusBadRequest, "bad_body", "the body ended early; what arrived is kept"}
	errLength      = badRequest("bad_length", "Upload-Length must be a number of bytes, the one of before, or Upload-Defer-Length 1 in its place")
	errNoOffset    = badRequest("bad_offset", "Upload-Offset must be a number of bytes")
	errConcat      = badRequest("bad_concat", "Upload-Concat must be partial, or final with the addresses of complete parts of the same recording, each once")
	errClosing     = &Error{http.StatusServiceUnavailable, "unavailable", "this instance goes away"}
	errInternal    = &Error{http.StatusInternalServerError, "internal", "the server could not do that"}
)

func badRequest(code, message string) *Error { return &Error{http.StatusBadRequest, code, message} }

// refusal is what a client is told of err; what it isn't told is logged.
func (s *Server) refusal(r *http.Request, err error) *Error {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e
	case isFull(err):
		s.cfg.Log.Error("disk_write_failed", "err", err)
		return errFull
	}
	s.cfg.Log.Error("upload_failed", "method", r.Method, "err", err)
	return errInternal
}

// isFull reports whether a write failed for want of space, a quota's included.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

func writeError(w http.ResponseWriter, e *Error) {
	type body struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(e.Status)
	_ = json.NewEncoder(w).Encode(struct {
		Success bool `json:"success"`
		Error   body `json:"error"`
	}{false, body{e.Code, e.Message}})
}
