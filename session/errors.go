package session

import (
	"context"
	"errors"
	"fmt"
)

// Codes of the errors that a request can be answered with. A request that
// fails has changed nothing.
const (
	CodeBadSessionID    = "bad_session_id"    // not 1 to 64 of A-Z a-z 0-9 _ -
	CodeBadSessionName  = "bad_session_name"  // longer than 64 characters, or not text
	CodeBadUserID       = "bad_user_id"       // not 1 to 128 visible ASCII characters but " < > \, or begins with a dot
	CodeBadUsername     = "bad_username"      // longer than 64 characters, or not text
	CodeBadAvatar       = "bad_avatar"        // longer than 1024 bytes, or not text
	CodeBadDeviceType   = "bad_device_type"   // not desktop, mobile or native
	CodeBadViewType     = "bad_view_type"     // longer than 64 characters, or not text
	CodeBadUserAgent    = "bad_user_agent"    // longer than 512 bytes, or not text
	CodeBadName         = "bad_name"          // command name not 1 to 64 of A-Z a-z 0-9 _ - . :
	CodeBadPayload      = "bad_payload"       // not one JSON value
	CodePayloadTooLarge = "payload_too_large" // longer than 16 KiB
	CodeBadLabel        = "bad_label"         // posture label longer than 128 characters, or not text
	CodeBadDuration     = "bad_duration"      // negative, or longer than 24 h
	CodeBadDelay        = "bad_delay"         // negative, or longer than 24 h
	CodeBadMaxLate      = "bad_max_late"      // less than 1 ms, or more than 24 h
	CodeBadReason       = "bad_reason"        // none of those for which a command is missed
	CodeBadTime         = "bad_time"          // further than 24 h from the instant it is about, or with a negative bound
	CodeBadMedia        = "bad_media"         // media fields missing, too long, too many or out of range
	CodeBadPlayback     = "bad_playback"      // position, rate, time or limit is negative, not finite or out of range
	CodeBadSize         = "bad_size"          // fileSizeBytes is negative or larger than 2^53 − 1
	CodeBadStatus       = "bad_status"        // a field of device_status is out of its range
	CodeBadSettings     = "bad_settings"      // a field of camera_settings is out of its range
	CodeBadMonitor      = "bad_monitor"       // a field of monitor is out of its range, or the image isn't one
	CodeBadTake         = "bad_take"          // mark or note of a take
	CodeBadReport       = "bad_report"        // a field of recording_report is out of its range
	CodeBadDevices      = "bad_devices"       // start_recording: no ids, or more than 1000
	CodeAmbiguousTime   = "ambiguous_time"    // both at and delay are given
	CodeAtInPast        = "at_in_past"        // at isn't in the future
	CodeAtTooFar        = "at_too_far"        // at is more than 24 h ahead

	CodeSessionNotFound = "session_not_found"
	CodeSessionFull     = "session_full"      // as many devices as are allowed are connected
	CodeTooManySessions = "too_many_sessions" // the service has as many sessions as are allowed
	CodeTooManyDevices  = "too_many_devices"  // of one user
	CodeUserIDTaken     = "user_id_taken"     // joining as a user who is there needs the resume token
	CodeBadResumeToken  = "bad_resume_token"  // of a device that is there, but the wrong one
	CodeBadUserToken    = "bad_user_token"    // not the user's
	CodeBadToken        = "bad_token"         // not the creator's

	CodeNotLeader           = "not_leader"
	CodeUnknownUser         = "unknown_user"
	CodeMayNotLead          = "may_not_lead"     // the role doesn't lead
	CodeLeaderConnected     = "leader_connected" // leadership is only granted when the leader is away
	CodeTooManyCommands     = "too_many_commands"
	CodeUnknownCommand      = "unknown_command"
	CodeUnknownDevice       = "unknown_device"
	CodeUnknownTake         = "unknown_take"
	CodeEmptyUpload         = "empty_upload"      // a file of no bytes is no recording
	CodeRecordingDeleted    = "recording_deleted" // with its take
	CodeCommandCancelled    = "command_cancelled"
	CodeCommandPast         = "command_past" // too late to cancel
	CodeTooManyRecordings   = "too_many_recordings"
	CodeRecordingInProgress = "recording_in_progress"
	CodeNotRecording        = "not_recording"
	CodeUnknownRecording    = "unknown_recording"
	CodeRecordingNotStarted = "recording_not_started"

	CodeNotJoined   = "not_joined"  // the member has left, or its device is connected anew
	CodeBusy        = "busy"        // too many writers at once; may be sent again
	CodeUnavailable = "unavailable" // the store doesn't answer or the service isn't running; may be sent again
)

// Error is a request's failure as the protocol's error event says it. Callers
// find it with errors.As; all requests of this package fail with one.
type Error struct {
	Code    string // one of the Code constants
	Message string // for people
	Retry   bool   // whether the same request may succeed later
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func fault(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func unavailable(what string, err error) *Error {
	return &Error{Code: CodeUnavailable, Message: what + ": " + causeOf(err), Retry: true}
}

// causeOf says in words for people why something wasn't to be had. What a store says beside is for
// the log of whoever runs it.
func causeOf(err error) string {
	switch {
	case errors.Is(err, ErrDiskFull):
		return ErrDiskFull.Error()
	case errors.Is(err, errEnded):
		return errEnded.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "it took too long"
	case errors.Is(err, context.Canceled):
		return "it was interrupted"
	}
	return "the store is in trouble"
}

var errEnded = errors.New("it has ended")
