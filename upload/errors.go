package upload

import (
	"encoding/json"
	"errors"
	"net/http"
	"syscall"

	"github.com/downbeat-sync/downbeat/objects"
	"github.com/downbeat-sync/downbeat/wire"
)

// Error is a refusal as the client sees it. Recordings.Begin refuses with one.
type Error struct {
	Status        int // of HTTP
	Code, Message string
}

func (e *Error) Error() string { return e.Message }

var (
	errUnknown     = refuse(wire.CodeUnknownUpload, "there is no such upload, or it has expired")
	errNotFound    = refuse(wire.CodeNotFound, "there is no such call")
	errVersion     = refuse(wire.CodeBadTusVersion, "Tus-Resumable must be 1.0.0")
	errContentType = refuse(wire.CodeBadContentType, "Content-Type must be application/offset+octet-stream")
	errOffset      = refuse(wire.CodeOffsetMismatch, "Upload-Offset isn't where this upload is: ask by HEAD")
	errTooLarge    = refuse(wire.CodeUploadTooLarge, "the file is larger than this server takes")
	errTooLong     = refuse(wire.CodeUploadTooLong, "more bytes than Upload-Length said")
	errFull        = refuse(wire.CodeDiskFull, "there isn't enough free space for this file")
	errTooMany     = refuse(wire.CodeTooManyUploads, "too many unfinished uploads")
	errAlready     = refuse(wire.CodeAlreadyUploaded, "this recording has been uploaded")
	errUnderWay    = refuse(wire.CodeUploadUnderWay, "another upload of this recording is under way")
	errSuperseded  = refuse(wire.CodeSuperseded, "a newer request goes on with this upload")
	errBody        = refuse(wire.CodeBadBody, "the body ended early; what arrived is kept")
	errLength      = refuse(wire.CodeBadLength, "Upload-Length must be a number of bytes, the one of before, or Upload-Defer-Length 1 in its place")
	errNoOffset    = refuse(wire.CodeBadOffset, "Upload-Offset must be a number of bytes")
	errConcat      = refuse(wire.CodeBadConcat, "Upload-Concat must be partial, or final with the addresses of complete parts of the same recording, each once")
	errClosing     = refuse(wire.CodeUnavailable, "this instance goes away")
	errStorageAway = refuse(wire.CodeStorageAway, "the storage of files doesn't answer just now; try again")
	errStorage     = refuse(wire.CodeStorageRefused, "the storage of files refuses this server: whoever runs it must look; try again later")
	errInternal    = refuse(wire.CodeInternal, "the server could not do that")
)

// refuse is a refusal with the status that the protocol has for its code.
func refuse(code, message string) *Error { return &Error{wire.StatusOf(code), code, message} }

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
	for storage, told := range map[error]*Error{
		objects.ErrFull: errFull, objects.ErrAway: errStorageAway, objects.ErrDenied: errStorage, objects.ErrNoBucket: errStorage,
	} {
		if errors.Is(err, storage) {
			s.cfg.Log.Error("storage_failed", "code", told.Code, "err", err)
			return told
		}
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
