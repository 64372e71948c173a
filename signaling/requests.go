package signaling

import (
	"context"
	"encoding/json"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
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

// request is one kind of message: it carries data out for the member of l and
// returns the answer, none when event is empty.
type request func(ctx context.Context, l *link, data json.RawMessage) (event string, answer any, err error)

// done is the answer to a request that has nothing else to tell.
const done = "ok"

// requests are the messages that a member may send, by their event.
var requests = map[string]request{
	"join_session": func(context.Context, *link, json.RawMessage) (string, any, error) {
		return "", nil, &session.Error{Code: "already_joined", Message: "this connection has joined a session"}
	},
	"leave_session":         leave,
	"heartbeat":             heartbeat,
	"request_session_state": state,
	"request_leadership":    with(requestLeadership),
	"hand_over":             with(handOver),
	"update_user":           with(updateUser),
	"update_device":         with(updateDevice),
	"remove_device":         with(removeDevice),
	"update_session":        with(updateSession),
	"end_session": plain(func(ctx context.Context, m *session.Member) error {
		return m.End(ctx)
	}),
	"schedule":          with(schedule),
	"start_recording":   with(startRecording),
	"stop_recording":    with(stopRecording),
	"cancel":            with(cancelCommand),
	"armed":             with(armed),
	"fired":             with(fired),
	"missed":            with(missed),
	"recording_started": with(recordingStarted),
	"recording_stopped": with(recordingStopped),
	"recording_failed":  with(recordingFailed),
	"recording_part":    with(recordingPart),
	"camera_settings":   with(cameraSettings),
	"watch_monitor":     with(watchMonitor),
	"monitor":           with(monitor),
	"recording_report":  with(recordingReport),
	"upload_completed":  with(uploadCompleted),
	"load_media":        with(loadMedia),
	"sync_playback":     with(syncPlayback),
	"report_desync":     with(reportDesync),
	"playback_options":  with(playbackOptions),
	"media_info":        with(mediaInfo),
	"buffering":         with(buffering),
	"device_status":     with(deviceStatus),
	"offer":             with(offer),
	"candidate":         with(candidate),
	"resync": func(_ context.Context, l *link, _ json.RawMessage) (string, any, error) {
		l.peer.Resync()
		return done, nil, nil
	},
}

// with decodes a request's data.
func with[T any](f func(ctx context.Context, l *link, q T) (string, any, error)) request {
	return func(ctx context.Context, l *link, data json.RawMessage) (string, any, error) {
		var q T
		if err := decode(data, &q); err != nil {
			return "", nil, err
		}
		return f(ctx, l, q)
	}
}

func plain(f func(context.Context, *session.Member) error) request {
	return func(ctx context.Context, l *link, _ json.RawMessage) (string, any, error) {
		return done, nil, f(ctx, l.member)
	}
}

func leave(ctx context.Context, l *link, _ json.RawMessage) (string, any, error) {
	if err := l.member.Leave(ctx); err != nil {
		return "", nil, err
	}
	l.left = true
	return done, nil, nil
}

func heartbeat(ctx context.Context, l *link, _ json.RawMessage) (string, any, error) {
	if err := l.member.Touch(ctx); err != nil {
		return "", nil, err
	}
	return "heartbeat_ack", struct {
		Timestamp clock.SessionTime `json:"timestamp"`
	}{l.server.cfg.Now()}, nil
}

func state(_ context.Context, l *link, _ json.RawMessage) (string, any, error) {
	return "session_state", l.member.State(), nil
}

// scheduleData is the data of schedule, and the body of POST …/commands.
type scheduleData struct {
	Name    string             `json:"name"`
	Payload json.RawMessage    `json:"payload"`
	At      *clock.SessionTime `json:"at"`
	Delay   *float64           `json:"delay"` // ms

	MaxLateMs *float64 `json:"maxLateMs"`
}

func (q scheduleData) request() session.ScheduleRequest {
	return session.ScheduleRequest{
		Name: q.Name, Payload: q.Payload, At: q.At, Delay: fromMillis(q.Delay), MaxLate: fromMillis(q.MaxLateMs),
	}
}

// fromMillis turns milliseconds into a duration; what is out of its range
// becomes one that no request allows.
func fromMillis(ms *float64) *time.Duration {
	if ms == nil {
		return nil
	}
	d := time.Duration(-1)
	if *ms >= 0 && *ms < 1e12 {
		d = time.Duration(*ms * float64(time.Millisecond))
	}
	return &d
}

func schedule(ctx context.Context, l *link, q scheduleData) (string, any, error) {
	return scheduled(l.member.Schedule(ctx, q.request()))
}

// scheduled is the answer to whatever schedules: {commandId, timestamp}.
func scheduled(s session.Scheduled, err error) (string, any, error) { return "scheduled", s, err }

type recordingData struct {
	SessionID    string   `json:"sessionId"` // of old clients; a connection has one session
	PostureLabel string   `json:"postureLabel"`
	Duration     *float64 `json:"duration"` // ms

	At    *clock.SessionTime `json:"at"`
	Delay *float64           `json:"delay"` // ms

	Devices []string `json:"devices"` // the ones that record; absent: all that do
}

func startRecording(ctx context.Context, l *link, q recordingData) (string, any, error) {
	if err := l.sameSession(q.SessionID); err != nil {
		return "", nil, err
	}
	r := session.StartRequest{PostureLabel: q.PostureLabel, At: q.At, Delay: fromMillis(q.Delay), Devices: q.Devices}
	if d := fromMillis(q.Duration); d != nil {
		r.Duration = *d
	}
	return scheduled(l.member.StartRecording(ctx, r))
}

func stopRecording(ctx context.Context, l *link, q recordingData) (string, any, error) {
	if err := l.sameSession(q.SessionID); err != nil {
		return "", nil, err
	}
	return scheduled(l.member.StopRecording(ctx))
}

func (l *link) sameSession(id string) error {
	if id == "" || id == l.sessionID {
		return nil
	}
	return &session.Error{Code: "other_session", Message: "this connection has joined another session"}
}

type commandID struct {
	CommandID string `json:"commandId"`
}

func cancelCommand(ctx context.Context, l *link, q commandID) (string, any, error) {
	return done, nil, l.member.Cancel(ctx, q.CommandID)
}

func armed(ctx context.Context, l *link, q commandID) (string, any, error) {
	return done, nil, l.member.Armed(ctx, q.CommandID)
}

type firedData struct {
	CommandID string             `json:"commandId"`
	At        *clock.SessionTime `json:"at"`
	Late      bool               `json:"late"`
}

func fired(ctx context.Context, l *link, q firedData) (string, any, error) {
	if q.At == nil {
		return "", nil, missing("at")
	}
	return done, nil, l.member.Fired(ctx, q.CommandID, *q.At, q.Late)
}

type missedData struct {
	CommandID string   `json:"commandId"`
	LateMs    *float64 `json:"lateMs"`
	Reason    string   `json:"reason"`
}

func missed(ctx context.Context, l *link, q missedData) (string, any, error) {
	late := fromMillis(q.LateMs)
	if late == nil {
		return "", nil, missing("lateMs")
	}
	return done, nil, l.member.Missed(ctx, q.CommandID, *late, q.Reason)
}

type frameData struct {
	RecordingID string             `json:"recordingId"`
	Timestamp   *clock.SessionTime `json:"timestamp"`
	Bound       *float64           `json:"bound"` // ms
}

func (q frameData) bound() time.Duration {
	if d := fromMillis(q.Bound); d != nil {
		return *d
	}
	return 0
}

func recordingStarted(ctx context.Context, l *link, q frameData) (string, any, error) {
	if q.Timestamp == nil {
		return "", nil, missing("timestamp")
	}
	return done, nil, l.member.RecordingStarted(ctx, q.RecordingID, *q.Timestamp, q.bound())
}

func recordingStopped(ctx context.Context, l *link, q frameData) (string, any, error) {
	if q.Timestamp == nil {
		return "", nil, missing("timestamp")
	}
	return done, nil, l.member.RecordingStopped(ctx, q.RecordingID, *q.Timestamp, q.bound())
}

func missing(field string) error {
	return &session.Error{Code: "bad_field", Message: "field \"" + field + "\" is missing"}
}

func deviceStatus(_ context.Context, l *link, q session.DeviceStatus) (string, any, error) {
	return done, nil, l.member.SetStatus(q)
}

// SDP is the data of offer and answer.
type SDP struct {
	SDP string `json:"sdp"`
}

var tooManyOffers = &session.Error{Code: "too_many_offers", Message: "more than one offer in 3 s", Retry: true}

func offer(ctx context.Context, l *link, q SDP) (string, any, error) {
	if !l.offers.Allow() {
		return "", nil, tooManyOffers
	}
	answer, err := l.peer.Accept(ctx, q.SDP)
	if err != nil {
		return "", nil, badOffer(err)
	}
	return "answer", SDP{answer}, nil
}

type candidateData struct {
	Candidate string `json:"candidate"`
}

func candidate(_ context.Context, l *link, q candidateData) (string, any, error) {
	if err := l.peer.AddCandidate(q.Candidate); err != nil {
		return "", nil, &session.Error{Code: "bad_candidate", Message: forDevice("the candidate can't be taken", err)}
	}
	return done, nil, nil
}
