package wire

// Codes of the session: a request that fails has changed nothing.
const (
	CodeBadSessionID        = "bad_session_id"        // not 1 to 64 of A-Z a-z 0-9 _ -
	CodeBadSessionName      = "bad_session_name"      // longer than 64 characters, or not text
	CodeBadUserID           = "bad_user_id"           // not 1 to 128 visible ASCII characters but " < > \, or begins with a dot
	CodeBadUsername         = "bad_username"          // longer than 64 characters, or not text
	CodeBadAvatar           = "bad_avatar"            // longer than 1024 bytes, or not text
	CodeBadDeviceType       = "bad_device_type"       // not desktop, mobile or native
	CodeBadViewType         = "bad_view_type"         // longer than 64 characters, or not text
	CodeBadUserAgent        = "bad_user_agent"        // longer than 512 bytes, or not text
	CodeBadName             = "bad_name"              // command name not 1 to 64 of A-Z a-z 0-9 _ - . :
	CodeBadPayload          = "bad_payload"           // not one JSON value
	CodePayloadTooLarge     = "payload_too_large"     // longer than 16 KiB
	CodeBadLabel            = "bad_label"             // posture label longer than 128 characters, or not text
	CodeBadDuration         = "bad_duration"          // negative, or longer than 24 h
	CodeBadDelay            = "bad_delay"             // negative, or longer than 24 h
	CodeBadMaxLate          = "bad_max_late"          // less than 1 ms, or more than 24 h
	CodeBadReason           = "bad_reason"            // none of those for which a command is missed
	CodeBadTime             = "bad_time"              // further than 24 h from the instant it is about, or with a negative bound
	CodeBadMedia            = "bad_media"             // media fields missing, too long, too many or out of range
	CodeBadPlayback         = "bad_playback"          // position, rate, time or limit is negative, not finite or out of range
	CodeBadSize             = "bad_size"              // fileSizeBytes is negative or larger than 2^53 − 1
	CodeBadStatus           = "bad_status"            // a field of device_status is out of its range
	CodeBadSettings         = "bad_settings"          // a field of camera_settings is out of its range
	CodeBadMonitor          = "bad_monitor"           // a field of monitor is out of its range, or the image isn't one
	CodeBadTake             = "bad_take"              // mark or note of a take
	CodeBadReport           = "bad_report"            // a field of recording_report is out of its range
	CodeBadDevices          = "bad_devices"           // start_recording: no ids, or more than 1000
	CodeAmbiguousTime       = "ambiguous_time"        // both at and delay are given
	CodeAtInPast            = "at_in_past"            // at isn't in the future
	CodeAtTooFar            = "at_too_far"            // at is more than 24 h ahead
	CodeSessionNotFound     = "session_not_found"     // there is no such session
	CodeSessionFull         = "session_full"          // as many devices as are allowed are connected
	CodeTooManySessions     = "too_many_sessions"     // the service has as many sessions as are allowed
	CodeTooManyDevices      = "too_many_devices"      // of one user
	CodeUserIDTaken         = "user_id_taken"         // joining as a user who is there needs the resume token
	CodeBadResumeToken      = "bad_resume_token"      // of a device that is there, but the wrong one
	CodeBadUserToken        = "bad_user_token"        // not the user's
	CodeBadToken            = "bad_token"             // not the creator's
	CodeMayNotLead          = "may_not_lead"          // the role doesn't lead
	CodeNotLeader           = "not_leader"            // only the leader may do that
	CodeLeaderConnected     = "leader_connected"      // leadership is only granted when the leader is away
	CodeTooManyCommands     = "too_many_commands"     // 64 commands are scheduled
	CodeUnknownUser         = "unknown_user"          // no such user, or, to hand over to, none that is connected
	CodeUnknownCommand      = "unknown_command"       // no such command, or one too long ago to be acknowledged (at least the latest 128 can be)
	CodeUnknownDevice       = "unknown_device"        // the session has no such device
	CodeCommandCancelled    = "command_cancelled"     // acknowledges a command that is cancelled
	CodeCommandPast         = "command_past"          // too late to cancel
	CodeRecordingInProgress = "recording_in_progress" // the take to be deleted is recorded or uploaded just now; or: one take at a time
	CodeTooManyRecordings   = "too_many_recordings"   // 10,000 recordings in one session
	CodeNotRecording        = "not_recording"         // there is nothing to stop
	CodeUnknownRecording    = "unknown_recording"     // not a recording of this device
	CodeRecordingDeleted    = "recording_deleted"     // with its take
	CodeRecordingNotStarted = "recording_not_started" // recording_stopped before recording_started
	CodeNotJoined           = "not_joined"            // the member has left, or its device has connected again
	CodeBusy                = "busy"                  // too many writers at once; may be sent again
	CodeUnavailable         = "unavailable"           // the store doesn't answer or the service isn't running; may be sent again
)

// Codes of access.
const (
	CodeKeyNeeded          = "key_needed"           // no key came along
	CodeBadKey             = "bad_key"              // the key is none of this session's
	CodeBadLink            = "bad_link"             // a signed link that isn't as it was made
	CodeLinkExpired        = "link_expired"         // a signed link that is older than an hour
	CodeTokenNeeded        = "token_needed"         // no token came along
	CodeTokenMalformed     = "token_malformed"      // not a JSON Web Token, or too long
	CodeTokenAlgorithm     = "token_algorithm"      // signed in another way than is agreed on, or not at all
	CodeTokenSignature     = "token_signature"      // signed by somebody else
	CodeTokenExpired       = "token_expired"        // exp has passed
	CodeTokenNotYet        = "token_not_yet"        // nbf or iat is in the future
	CodeTokenCritical      = "token_critical"       // an extension (crit) that this server doesn't know
	CodeTokenIssuer        = "token_issuer"         // iss is none of those that are accepted
	CodeTokenAudience      = "token_audience"       // aud is none of those that are accepted
	CodeTokenClaims        = "token_claims"         // exp, sub, session or role is missing or malformed
	CodeTokenSession       = "token_session"        // of another session
	CodeTokenUser          = "token_user"           // userId isn't the token's sub
	CodeNotAllowed         = "not_allowed"          // the role doesn't allow that
	CodeTooManyAttempts    = "too_many_attempts"    // too many wrong keys, tokens and resumeTokens from this address
	CodeTooManyRequests    = "too_many_requests"    // too many calls from this address, or it hasn't taken the large answers to earlier ones
	CodeTooManyConnections = "too_many_connections" // the address has too many connections
)

// Codes of the transport.
const (
	CodeAlreadyJoined   = "already_joined"    // join_session on a connection that has joined
	CodeUnknownEvent    = "unknown_event"     // there is no event of that name
	CodeBadMessage      = "bad_message"       // not a JSON object {event, data, id}, or not UTF-8
	CodeBadField        = "bad_field"         // a field is missing or of the wrong type, or the data or body isn't one JSON object
	CodeMessageTooLarge = "message_too_large" // more than 64 KiB; over the WebSocket the connection is closed with 1009
	CodeTooManyMessages = "too_many_messages" // more than 200 a second (400 at once); the message was dropped
	CodeJoinTimeout     = "join_timeout"      // no join_session within 5 s; the connection is closed with 4003
	CodeOtherSession    = "other_session"     // sessionId of a recording isn't the one joined
	CodeBadOffer        = "bad_offer"         // the SDP offer can't be answered: no SDP, too long, no data channel, too many media sections or candidates, an ICE name or password that RFC 8839 doesn't allow
	CodeTooManyOffers   = "too_many_offers"   // more than 20 offers at once, or one in 3 s
	CodeBadCandidate    = "bad_candidate"     // the candidate can't be used: malformed, too many, or before any offer
	CodeBadFrame        = "bad_frame"         // no pong: wrong length, kind or order of stamps
	CodeNotFound        = "not_found"         // there is no such call below /api/
	CodeBadHost         = "bad_host"          // the server is not known under that name
	CodeBadOrigin       = "bad_origin"        // the page that asks comes from another server
	CodeBadBody         = "bad_body"          // the body ended early
	CodeNotWebsocket    = "not_websocket"     // /ws was asked for without a WebSocket's handshake
	CodeInternal        = "internal"          // something that the server didn't foresee; over the WebSocket retry
)

// Codes of uploads.
const (
	CodeNoStorage        = "no_storage"         // the server was started without --data
	CodeUnknownUpload    = "unknown_upload"     // there is no such upload, or it has expired, or another one of the same recording is finished
	CodeBadTusVersion    = "bad_tus_version"    // Tus-Resumable isn't 1.0.0, and it is no request of the draft
	CodeBadContentType   = "bad_content_type"   // a body that isn't application/offset+octet-stream
	CodeBadLength        = "bad_length"         // Upload-Length missing, no number, or not the one of before
	CodeBadOffset        = "bad_offset"         // Upload-Offset missing or no number
	CodeBadMetadata      = "bad_metadata"       // not pairs of a key and base64, a key twice, or more than 4 KiB; Content-Type or Content-Disposition that can't be read
	CodeBadRecordingID   = "bad_recording_id"   // missing (the first), too long or not text
	CodeBadFilename      = "bad_filename"       // missing (the first), too long or not text
	CodeBadFiletype      = "bad_filetype"       // missing (the first), too long or not text
	CodeBadConcat        = "bad_concat"         // Upload-Concat is neither partial nor final with complete parts of the same recording, each once
	CodeOffsetMismatch   = "offset_mismatch"    // not where the upload is: ask by HEAD
	CodeSuperseded       = "superseded"         // a newer request goes on with this upload
	CodeNotYourRecording = "not_your_recording" // the recording is another device's, and the caller may not command its session
	CodeUploadUnderWay   = "upload_under_way"   // another upload of the recording is under way, begun by its device or by who commands the session, or just now at another instance
	CodeEmptyUpload      = "empty_upload"       // a file of no bytes is no recording
	CodeUploadTooLarge   = "upload_too_large"   // larger than the server takes
	CodeUploadTooLong    = "upload_too_long"    // more bytes than Upload-Length said
	CodeAlreadyUploaded  = "already_uploaded"   // the recording has its file
	CodeTooManyUploads   = "too_many_uploads"   // 32 uploads of the device, 1000 of the session or 2000 in all are unfinished
	CodeDiskFull         = "disk_full"          // too little free space
	CodeStorageAway      = "storage_away"       // the storage of files (--files) doesn't answer just now; may be sent again. Of downloads, too
	CodeStorageRefused   = "storage_refused"    // the storage of files refuses this server, or its bucket is gone; may be sent again later. Of downloads, too
	CodeInstanceAway     = "instance_away"      // the instance that keeps the file doesn't answer just now; may be sent again. Of downloads, too
	CodeBadInstance      = "bad_instance"       // the request says that another instance passes it on, and none has
)

// Codes of downloads.
const (
	CodeUnknownMedia    = "unknown_media"     // there is no such film below --media
	CodeNotUploaded     = "not_uploaded"      // the recording's file hasn't arrived
	CodeFileMissing     = "file_missing"      // it has, but isn't on the disk any more: somebody changed or removed it
	CodeNothingToExport = "nothing_to_export" // no recording of the take has both its times and its file
	CodeUnknownTake     = "unknown_take"      // there are no recordings of such a take
)

// Code is one that an error can have.
type Code struct {
	Name   string
	Status int // over HTTP; 0: it doesn't occur there
}

// StatusOf returns the status of a code over HTTP: 400 for those that the protocol has none for.
func StatusOf(code string) int {
	if status := codesByName[code].Status; status != 0 {
		return status
	}
	return 400
}

var codes = []Code{
	// Of the session.
	{Name: CodeBadSessionID, Status: 400},
	{Name: CodeBadSessionName, Status: 400},
	{Name: CodeBadUserID, Status: 400},
	{Name: CodeBadUsername, Status: 400},
	{Name: CodeBadAvatar},
	{Name: CodeBadDeviceType},
	{Name: CodeBadViewType},
	{Name: CodeBadUserAgent},
	{Name: CodeBadName, Status: 400},
	{Name: CodeBadPayload, Status: 400},
	{Name: CodePayloadTooLarge, Status: 400},
	{Name: CodeBadLabel},
	{Name: CodeBadDuration},
	{Name: CodeBadDelay, Status: 400},
	{Name: CodeBadMaxLate, Status: 400},
	{Name: CodeBadReason},
	{Name: CodeBadTime},
	{Name: CodeBadMedia},
	{Name: CodeBadPlayback},
	{Name: CodeBadSize},
	{Name: CodeBadStatus},
	{Name: CodeBadSettings},
	{Name: CodeBadMonitor},
	{Name: CodeBadTake, Status: 400},
	{Name: CodeBadReport},
	{Name: CodeBadDevices},
	{Name: CodeAmbiguousTime, Status: 400},
	{Name: CodeAtInPast, Status: 400},
	{Name: CodeAtTooFar, Status: 400},
	{Name: CodeSessionNotFound, Status: 404},
	{Name: CodeSessionFull, Status: 409},
	{Name: CodeTooManySessions, Status: 429},
	{Name: CodeTooManyDevices, Status: 429},
	{Name: CodeUserIDTaken, Status: 409},
	{Name: CodeBadResumeToken, Status: 403},
	{Name: CodeBadUserToken, Status: 403},
	{Name: CodeBadToken, Status: 403},
	{Name: CodeMayNotLead, Status: 403},
	{Name: CodeNotLeader, Status: 403},
	{Name: CodeLeaderConnected},
	{Name: CodeTooManyCommands, Status: 429},
	{Name: CodeUnknownUser, Status: 404},
	{Name: CodeUnknownCommand, Status: 404},
	{Name: CodeUnknownDevice, Status: 404},
	{Name: CodeCommandCancelled, Status: 409},
	{Name: CodeCommandPast, Status: 409},
	{Name: CodeRecordingInProgress, Status: 409},
	{Name: CodeTooManyRecordings, Status: 429},
	{Name: CodeNotRecording, Status: 409},
	{Name: CodeUnknownRecording, Status: 404},
	{Name: CodeRecordingDeleted, Status: 410},
	{Name: CodeRecordingNotStarted},
	{Name: CodeNotJoined},
	{Name: CodeBusy, Status: 503},
	{Name: CodeUnavailable, Status: 503},
	// Of access.
	{Name: CodeKeyNeeded, Status: 401},
	{Name: CodeBadKey, Status: 401},
	{Name: CodeBadLink, Status: 401},
	{Name: CodeLinkExpired, Status: 401},
	{Name: CodeTokenNeeded, Status: 401},
	{Name: CodeTokenMalformed, Status: 401},
	{Name: CodeTokenAlgorithm, Status: 401},
	{Name: CodeTokenSignature, Status: 401},
	{Name: CodeTokenExpired, Status: 401},
	{Name: CodeTokenNotYet, Status: 401},
	{Name: CodeTokenCritical, Status: 401},
	{Name: CodeTokenIssuer, Status: 401},
	{Name: CodeTokenAudience, Status: 401},
	{Name: CodeTokenClaims, Status: 401},
	{Name: CodeTokenSession, Status: 403},
	{Name: CodeTokenUser, Status: 403},
	{Name: CodeNotAllowed, Status: 403},
	{Name: CodeTooManyAttempts, Status: 429},
	{Name: CodeTooManyRequests, Status: 429},
	{Name: CodeTooManyConnections, Status: 429},
	// Of the transport.
	{Name: CodeAlreadyJoined},
	{Name: CodeUnknownEvent},
	{Name: CodeBadMessage},
	{Name: CodeBadField, Status: 400},
	{Name: CodeMessageTooLarge, Status: 413},
	{Name: CodeTooManyMessages},
	{Name: CodeJoinTimeout},
	{Name: CodeOtherSession},
	{Name: CodeBadOffer},
	{Name: CodeTooManyOffers},
	{Name: CodeBadCandidate},
	{Name: CodeBadFrame},
	{Name: CodeNotFound, Status: 404},
	{Name: CodeBadHost, Status: 403},
	{Name: CodeBadOrigin, Status: 403},
	{Name: CodeBadBody, Status: 400},
	{Name: CodeNotWebsocket, Status: 400},
	{Name: CodeInternal, Status: 500},
	// Of uploads.
	{Name: CodeNoStorage, Status: 404},
	{Name: CodeUnknownUpload, Status: 404},
	{Name: CodeBadTusVersion, Status: 412},
	{Name: CodeBadContentType, Status: 415},
	{Name: CodeBadLength, Status: 400},
	{Name: CodeBadOffset, Status: 400},
	{Name: CodeBadMetadata, Status: 400},
	{Name: CodeBadRecordingID, Status: 400},
	{Name: CodeBadFilename, Status: 400},
	{Name: CodeBadFiletype, Status: 400},
	{Name: CodeBadConcat, Status: 400},
	{Name: CodeOffsetMismatch, Status: 409},
	{Name: CodeSuperseded, Status: 423},
	{Name: CodeNotYourRecording, Status: 403},
	{Name: CodeUploadUnderWay, Status: 423},
	{Name: CodeEmptyUpload, Status: 400},
	{Name: CodeUploadTooLarge, Status: 413},
	{Name: CodeUploadTooLong, Status: 413},
	{Name: CodeAlreadyUploaded, Status: 409},
	{Name: CodeTooManyUploads, Status: 429},
	{Name: CodeDiskFull, Status: 507},
	{Name: CodeStorageAway, Status: 503},
	{Name: CodeStorageRefused, Status: 503},
	{Name: CodeInstanceAway, Status: 503},
	{Name: CodeBadInstance, Status: 403},
	// Of downloads.
	{Name: CodeUnknownMedia, Status: 404},
	{Name: CodeNotUploaded, Status: 404},
	{Name: CodeFileMissing, Status: 404},
	{Name: CodeNothingToExport, Status: 404},
	{Name: CodeUnknownTake, Status: 404},
}

// Codes of warnings in device_status that Go programs give; docs/protocol.md has all.
const (
	WarningProgramAway   = "program_away"   // the program that the device has act isn't there, or doesn't answer
	WarningProgramFailed = "program_failed" // it refused or failed to do what it was to do
)
