package signaling

import (
	"context"
	"encoding/json"
	"reflect"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/plainjson"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// JoinRequest is the data of join_session; all but SessionID is optional.
type JoinRequest struct {
	SessionID   string `json:"sessionId"`
	UserID      string `json:"userId,omitempty"`
	Username    string `json:"username,omitempty"`
	Avatar      string `json:"avatar,omitempty"`
	DeviceType  string `json:"deviceType,omitempty"`
	ViewType    string `json:"viewType,omitempty"`
	UserAgent   string `json:"userAgent,omitempty"`
	Token       string `json:"token,omitempty"`
	Key         string `json:"key,omitempty"`
	ResumeToken string `json:"resumeToken,omitempty"`
	UserToken   string `json:"userToken,omitempty"`
	Create      *bool  `json:"create,omitempty"`    // false: only a session that exists
	Records     *bool  `json:"records,omitempty"`   // false: the device is no part of takes
	Offer       string `json:"offer,omitempty"`     // SDP
	Exchanges   bool   `json:"exchanges,omitempty"` // asks for `exchange` events
}

func (q JoinRequest) request() session.JoinRequest {
	return session.JoinRequest{
		SessionID: q.SessionID, UserID: q.UserID, Username: q.Username, Avatar: q.Avatar,
		DeviceType: q.DeviceType, ViewType: q.ViewType, UserAgent: q.UserAgent,
		ResumeToken: q.ResumeToken, CreatorToken: q.Token, UserToken: q.UserToken,
		NoCreate: q.Create != nil && !*q.Create, Records: q.Records,
	}
}

// request is one kind of message.
type request struct {
	data reflect.Type // of its data, nil for none: lib/wire.js has it as well
	// carry carries data out for the member of l and returns the data of the answer, nil for
	// none. Which event answers it is in wire's table.
	carry func(ctx context.Context, l *link, data json.RawMessage) (answer any, err error)
}

// requests are the messages that a member may send, by their event.
var requests = map[string]request{
	wire.JoinSession:         {reflect.TypeFor[JoinRequest](), joinAgain},
	wire.LeaveSession:        {nil, leave},
	wire.Heartbeat:           {nil, heartbeat},
	wire.RequestSessionState: {nil, state},
	wire.RequestLeadership:   with(requestLeadership),
	wire.HandOver:            with(handOver),
	wire.UpdateUser:          with(updateUser),
	wire.UpdateDevice:        with(updateDevice),
	wire.RemoveDevice:        with(removeDevice),
	wire.UpdateSession:       with(updateSession),
	wire.EndSession:          {nil, endSession},
	wire.Schedule:            with(schedule),
	wire.StartRecording:      with(startRecording),
	wire.StopRecording:       with(stopRecording),
	wire.Cancel:              with(cancelCommand),
	wire.Armed:               with(armed),
	wire.Fired:               with(fired),
	wire.Missed:              with(missed),
	wire.RecordingStarted:    with(recordingStarted),
	wire.RecordingStopped:    with(recordingStopped),
	wire.RecordingFailed:     with(recordingFailed),
	wire.RecordingPart:       with(recordingPart),
	wire.CameraSettings:      with(cameraSettings),
	wire.WatchMonitor:        with(watchMonitor),
	wire.Monitor:             with(monitor),
	wire.RecordingReport:     with(recordingReport),
	wire.UploadCompleted:     with(uploadCompleted),
	wire.LoadMedia:           with(loadMedia),
	wire.SyncPlayback:        with(syncPlayback),
	wire.ReportDesync:        with(reportDesync),
	wire.PlaybackOptions:     with(playbackOptions),
	wire.MediaInfo:           with(mediaInfo),
	wire.Buffering:           with(buffering),
	wire.DeviceStatus:        with(deviceStatus),
	wire.Offer:               with(offer),
	wire.Candidate:           with(candidate),
	wire.Resync:              {nil, resync},
}

// with decodes a request's data.
func with[T any](f func(ctx context.Context, l *link, q T) (any, error)) request {
	return request{reflect.TypeFor[T](), func(ctx context.Context, l *link, data json.RawMessage) (any, error) {
		var q T
		if err := plainjson.Decode(data, &q); err != nil {
			return nil, err
		}
		return f(ctx, l, q)
	}}
}

func joinAgain(context.Context, *link, json.RawMessage) (any, error) {
	return nil, &session.Error{Code: wire.CodeAlreadyJoined, Message: "this connection has joined a session"}
}

func endSession(ctx context.Context, l *link, _ json.RawMessage) (any, error) {
	return nil, l.member.End(ctx)
}

func resync(_ context.Context, l *link, _ json.RawMessage) (any, error) {
	l.peer.Resync()
	return nil, nil
}

func leave(ctx context.Context, l *link, _ json.RawMessage) (any, error) {
	if err := l.member.Leave(ctx); err != nil {
		return nil, err
	}
	l.left = true
	return nil, nil
}

func heartbeat(ctx context.Context, l *link, _ json.RawMessage) (any, error) {
	if err := l.member.Touch(ctx); err != nil {
		return nil, err
	}
	return HeartbeatAck{l.server.cfg.Now()}, nil
}

// HeartbeatAck is the data of heartbeat_ack.
type HeartbeatAck struct {
	Timestamp clock.SessionTime `json:"timestamp"`
}

func state(_ context.Context, l *link, _ json.RawMessage) (any, error) {
	return l.member.State(), nil
}

// ScheduleData is the data of schedule, and the body of POST …/commands.
type ScheduleData struct {
	Name    string             `json:"name"`
	Payload json.RawMessage    `json:"payload,omitempty"`
	At      *clock.SessionTime `json:"at,omitempty"`
	Delay   *float64           `json:"delay,omitempty"` // ms

	MaxLateMs *float64 `json:"maxLateMs,omitempty"`
}

// Request returns what the session is asked.
func (q ScheduleData) Request() session.ScheduleRequest {
	return session.ScheduleRequest{
		Name: q.Name, Payload: q.Payload, At: q.At, Delay: plainjson.Millis(q.Delay), MaxLate: plainjson.Millis(q.MaxLateMs),
	}
}

func schedule(ctx context.Context, l *link, q ScheduleData) (any, error) {
	return scheduled(l.member.Schedule(ctx, q.Request()))
}

// scheduled is the answer to whatever schedules: {commandId, timestamp}.
func scheduled(s session.Scheduled, err error) (any, error) { return s, err }

type recordingData struct {
	SessionID    string   `json:"sessionId,omitempty"` // of old clients; a connection has one session
	PostureLabel string   `json:"postureLabel,omitempty"`
	Duration     *float64 `json:"duration,omitempty"` // ms

	At    *clock.SessionTime `json:"at,omitempty"`
	Delay *float64           `json:"delay,omitempty"` // ms

	Devices []string `json:"devices,omitempty"` // the ones that record; absent: all that do
}

func startRecording(ctx context.Context, l *link, q recordingData) (any, error) {
	if err := l.sameSession(q.SessionID); err != nil {
		return nil, err
	}
	r := session.StartRequest{PostureLabel: q.PostureLabel, At: q.At, Delay: plainjson.Millis(q.Delay), Devices: q.Devices}
	if d := plainjson.Millis(q.Duration); d != nil {
		r.Duration = *d
	}
	r.Unended = l.unended
	return scheduled(l.member.StartRecording(ctx, r))
}

func stopRecording(ctx context.Context, l *link, q recordingData) (any, error) {
	if err := l.sameSession(q.SessionID); err != nil {
		return nil, err
	}
	return scheduled(l.member.StopRecording(ctx))
}

func (l *link) sameSession(id string) error {
	if id == "" || id == l.sessionID {
		return nil
	}
	return &session.Error{Code: wire.CodeOtherSession, Message: "this connection has joined another session"}
}

type commandID struct {
	CommandID string `json:"commandId"`
}

func cancelCommand(ctx context.Context, l *link, q commandID) (any, error) {
	return nil, l.member.Cancel(ctx, q.CommandID)
}

func armed(ctx context.Context, l *link, q commandID) (any, error) {
	return nil, l.member.Armed(ctx, q.CommandID)
}

type firedData struct {
	CommandID string             `json:"commandId"`
	At        *clock.SessionTime `json:"at"`
	Late      bool               `json:"late,omitempty"`
}

func fired(ctx context.Context, l *link, q firedData) (any, error) {
	if q.At == nil {
		return nil, plainjson.Missing("at")
	}
	return nil, l.member.Fired(ctx, q.CommandID, *q.At, q.Late)
}

type missedData struct {
	CommandID string   `json:"commandId"`
	LateMs    *float64 `json:"lateMs"`
	Reason    string   `json:"reason"`
}

func missed(ctx context.Context, l *link, q missedData) (any, error) {
	late := plainjson.Millis(q.LateMs)
	if late == nil {
		return nil, plainjson.Missing("lateMs")
	}
	return nil, l.member.Missed(ctx, q.CommandID, *late, q.Reason)
}

type frameData struct {
	RecordingID string             `json:"recordingId"`
	Timestamp   *clock.SessionTime `json:"timestamp"`
	Bound       *float64           `json:"bound,omitempty"` // ms
}

func (q frameData) bound() time.Duration {
	if d := plainjson.Millis(q.Bound); d != nil {
		return *d
	}
	return 0
}

func recordingStarted(ctx context.Context, l *link, q frameData) (any, error) {
	if q.Timestamp == nil {
		return nil, plainjson.Missing("timestamp")
	}
	return nil, l.member.RecordingStarted(ctx, q.RecordingID, *q.Timestamp, q.bound())
}

func recordingStopped(ctx context.Context, l *link, q frameData) (any, error) {
	if q.Timestamp == nil {
		return nil, plainjson.Missing("timestamp")
	}
	return nil, l.member.RecordingStopped(ctx, q.RecordingID, *q.Timestamp, q.bound())
}

func deviceStatus(_ context.Context, l *link, q session.DeviceStatus) (any, error) {
	return nil, l.member.SetStatus(q)
}

// SDP is the data of offer and answer.
type SDP struct {
	SDP string `json:"sdp"`
}

var tooManyOffers = &session.Error{Code: wire.CodeTooManyOffers, Message: "more than one offer in 3 s", Retry: true}

func offer(ctx context.Context, l *link, q SDP) (any, error) {
	if !l.offers.Allow() {
		return nil, tooManyOffers
	}
	answer, err := l.peer.Accept(ctx, q.SDP)
	if err != nil {
		return nil, badOffer(err)
	}
	return SDP{answer}, nil
}

type candidateData struct {
	Candidate string `json:"candidate"`
}

func candidate(_ context.Context, l *link, q candidateData) (any, error) {
	if err := l.peer.AddCandidate(q.Candidate); err != nil {
		return nil, &session.Error{Code: wire.CodeBadCandidate, Message: forDevice("the candidate can't be taken", err)}
	}
	return nil, nil
}
