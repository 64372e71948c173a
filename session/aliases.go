package session

import "github.com/downbeat-sync/downbeat/session/internal/rules"

// What requests ask for, and what they and the session's members are told: the types of
// the rules, which package rules keeps pure.
type (
	// CameraSettings are how a leader wants cameras to record. What is nil or empty is
	// left to the device.
	CameraSettings = rules.CameraSettings
	// CameraChanged is the data of camera_settings.
	CameraChanged = rules.CameraChanged
	// ScheduleRequest asks for a command of the application's own. Without At and
	// Delay it acts as soon as every device can hold it in time.
	ScheduleRequest = rules.ScheduleRequest
	// Issued is a command of a session, pending, past or cancelled.
	Issued = rules.Issued
	// Error is a request's failure as the protocol's error event says it. Callers
	// find it with errors.As; all requests of this package fail with one.
	Error = rules.Error
	// UserJoined is the data of user_joined: a user got its first connected device.
	UserJoined = rules.UserJoined
	// UserLeft is the data of user_left: a user left, or its last device is disconnected.
	UserLeft = rules.UserLeft
	// DeviceJoined is the data of device_joined: a device got connected.
	DeviceJoined = rules.DeviceJoined
	// DeviceChanged is the data of device_changed: something but the connection of a device is
	// otherwise.
	DeviceChanged = rules.DeviceChanged
	// DeviceRemoved is the data of device_removed: a device has left or was removed, and is no
	// part of the session any more; its user neither, if it was its last one.
	DeviceRemoved = rules.DeviceRemoved
	// UserChanged is the data of user_changed: a user is called otherwise.
	UserChanged = rules.UserChanged
	// SessionChanged is the data of session_changed.
	SessionChanged = rules.SessionChanged
	// SessionEnded is the data of session_ended: the leader ended the session.
	SessionEnded = rules.SessionEnded
	// DeviceDisconnected is the data of device_disconnected: a device's connection
	// is gone, or the device has left.
	DeviceDisconnected = rules.DeviceDisconnected
	// LeadershipChanged is the data of leadership_changed.
	LeadershipChanged = rules.LeadershipChanged
	// Command is the data of command.
	Command = rules.Command
	// StartRecording is the data of start_recording.
	StartRecording = rules.StartRecording
	// StopRecording is the data of stop_recording.
	StopRecording = rules.StopRecording
	// Cancelled is the data of cancelled.
	Cancelled = rules.Cancelled
	// PlaybackSync is the data of playback_sync.
	PlaybackSync = rules.PlaybackSync
	// SessionCompleted is the data of session_completed: every recording is uploaded.
	SessionCompleted = rules.SessionCompleted
	// JoinRequest says who joins what. All but SessionID is optional.
	JoinRequest = rules.JoinRequest
	// DeviceUpdate says what of a device is to change; nil leaves it as it is.
	DeviceUpdate = rules.DeviceUpdate
	// UserUpdate says what of a user is to change; nil leaves it as it is.
	UserUpdate = rules.UserUpdate
	// Subtitle is a file of subtitles (WebVTT) that belongs to a medium.
	Subtitle = rules.Subtitle
	// PlaybackState is where the media are on the session's timeline, and how they go on from there.
	PlaybackState = rules.PlaybackState
	// MediaStatus is how a device is with the medium that it plays.
	MediaStatus = rules.MediaStatus
	// MediaInfo is the data of media_info: length, options or who is waited for changed.
	MediaInfo = rules.MediaInfo
	// MediaLoaded is the data of media_loaded.
	MediaLoaded = rules.MediaLoaded
	// OptionsRequest asks for the medium to be played in another way. What is nil
	// stays as it is.
	OptionsRequest = rules.OptionsRequest
	// Still is what a device sees and hears just now. All is optional.
	Still = rules.Still
	// Happening is something that happened to a session. What its kind doesn't have is empty.
	Happening = rules.Happening
	// Part is a recording of a device that has several of one take, since it was
	// cut off: by a reload, or because its camera was taken away.
	Part = rules.Part
	// JSON is a JSON text of which a part may be shared: what many readers are told at the same
	// time, or one after the other, is encoded once and not copied. It is not to be modified.
	JSON = rules.JSON
	// LoadRequest asks for a medium to be loaded, at its beginning and paused.
	LoadRequest = rules.LoadRequest
	// PlaybackRequest asks for the timeline to change. What is nil stays as it is.
	PlaybackRequest = rules.PlaybackRequest
	// Recording is what one device recorded of one take.
	Recording = rules.Recording
	// RecordingReport is how well a device made a recording, by its own account. All is optional.
	RecordingReport = rules.RecordingReport
	// Report tells who acted on a command when. It is the data of command_report.
	Report = rules.Report
	// Reading is when something happened by a device's clock, and how wrong that may be.
	Reading = rules.Reading
	// Spread is how far apart readings are: the latest less the earliest.
	Spread = rules.Spread
	// DeviceReport is one device's part of a Report.
	DeviceReport = rules.DeviceReport
	// Role is what a device may do at most. The empty one may do everything.
	Role = rules.Role
	// Admission says how somebody may join. The zero value allows all.
	Admission = rules.Admission
	// Snapshot is a session as the protocol's session object has it. Users and Devices are shared
	// with other snapshots, and not to be modified.
	Snapshot = rules.Snapshot
	// Summary is a session in the list of all.
	Summary = rules.Summary
	// DeviceStatus is how a device says that it is. What it doesn't say is unknown: nil,
	// or empty.
	DeviceStatus = rules.DeviceStatus
	// Warning is something that a device warns of: a code, and a number where the
	// code has one.
	Warning = rules.Warning
	// StartRequest asks for a recording on all devices that joined with a type.
	StartRequest = rules.StartRequest
	// TakeChange asks for a take to be changed. What is nil stays as it is.
	TakeChange = rules.TakeChange
	// TakeChanged is the data of take_changed, and what a take is like after a change.
	TakeChanged = rules.TakeChanged
	// UploadedFile is a recording that has arrived as a whole.
	UploadedFile = rules.UploadedFile
	// Receiver is the disk that takes a recording in.
	Receiver = rules.Receiver
)

// Reasons, kinds of happenings and roles.
const (
	// DefaultMaxLate is how late a command of the application's own is still carried out
	// where nothing else is asked for.
	DefaultMaxLate = rules.DefaultMaxLate
	// it came when it was already too late
	MissedArrived = rules.MissedArrived
	// it came in time, and the device couldn't act in time
	MissedWoke = rules.MissedWoke
	// session time became known when it was already too late
	MissedNoClock = rules.MissedNoClock
	// what takes its place was due already
	MissedOvertaken = rules.MissedOvertaken
	// Reason: revived, for those who were in one of that name before
	SessionIsCreated = rules.SessionIsCreated
	// Reason: ended by its leader, or idle
	SessionIsRemoved = rules.SessionIsRemoved
	// UserID leads, From did
	LeadIsTaken = rules.LeadIsTaken
	// of the application's own
	CommandIsIssued = rules.CommandIsIssued
	// at the instant of the command
	TakeIsStarted = rules.TakeIsStarted
	// at the instant of the command
	TakeIsStopped = rules.TakeIsStopped
	// Reason: playing or paused
	PlaybackIsChanged = rules.PlaybackIsChanged
	CommandIsOff      = rules.CommandIsOff
	// Report is set
	CommandIsReported = rules.CommandIsReported
	UploadIsBegun     = rules.UploadIsBegun
	// Bytes of the file
	UploadIsDone    = rules.UploadIsDone
	UploadIsGivenUp = rules.UploadIsGivenUp
	RecordingIsLost = rules.RecordingIsLost
	// may lead
	RoleLeader = rules.RoleLeader
	// acts, and never leads
	RoleMember = rules.RoleMember
	// sees and plays: it acts and says so, records nothing, and never leads
	RoleWatcher = rules.RoleWatcher
	// only looks on: it doesn't act, record or report
	RoleObserver = rules.RoleObserver
)

// HappeningKinds are all of them.
var HappeningKinds = rules.HappeningKinds

// Whole returns a text of which nothing is shared.
func Whole(b []byte) JSON { return rules.Whole(b) }

// ValidSessionID reports whether a session may be called so.
func ValidSessionID(id string) bool { return rules.ValidSessionID(id) }
