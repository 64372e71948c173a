package signaling

import (
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

type badInput struct {
	name string
	text string // or frame
	code string
	of   string // the event that the error is about
}

// TestBadInput sends what is wrong, and sees that nobody hears of it, that the
// session stays as it is, and that the connection goes on.
func TestBadInput(t *testing.T) {
	w := onSockets(t, session.Config{})
	leader := w.Join(t, `{"sessionId":"studio","userId":"leader"}`)
	member := w.Join(t, `{"sessionId":"studio","userId":"member"}`)
	leader.Next("device_joined")
	for _, c := range slicesOf(
		by{leader, notMessages}, by{leader, wrongTypes}, by{leader, wrongValues}, by{member, notTheirs},
	) {
		t.Run(c.name, func(t *testing.T) {
			before := w.State(t, "studio")
			c.from.Send(c.text)
			m := c.from.WantError(c.code, c.of)
			if wantsReply := strings.HasSuffix(c.text, `"id":5}`); wantsReply != (m.ReplyTo == 5) {
				t.Errorf("replyTo is %d", m.ReplyTo)
			}
			leader.WantAlive()
			member.WantAlive()
			if after := w.State(t, "studio"); after != before {
				t.Errorf("the session was\n%s and is\n%s", before, after)
			}
		})
	}
}

// by is bad input and whose it is.
type by struct {
	from  *socket
	cases []badInput
}

type fromWire struct {
	badInput
	from *socket
}

func slicesOf(all ...by) (cases []fromWire) {
	for _, b := range all {
		for _, c := range b.cases {
			cases = append(cases, fromWire{c, b.from})
		}
	}
	return cases
}

var notMessages = []badInput{
	{"empty", ``, "bad_message", ""},
	{"cut off", `{"event":"heartbeat"`, "bad_message", ""},
	{"not JSON", `hello`, "bad_message", ""},
	{"not UTF-8", "\xff\xfe", "bad_message", ""},
	{"array", `[1,2]`, "bad_message", ""},
	{"null", `null`, "bad_message", ""},
	{"two objects", `{"event":"heartbeat"}{"event":"heartbeat"}`, "bad_message", ""},
	{"nested too deeply", `{"event":"heartbeat","data":` + strings.Repeat("[", 20_000), "bad_message", ""},
	{"event missing", `{"data":{}}`, "bad_message", ""},
	{"event a number", `{"event":7}`, "bad_message", ""},
	{"event too long", `{"event":"` + strings.Repeat("x", 65) + `"}`, "bad_message", ""},
	{"id a string", `{"event":"heartbeat","id":"7"}`, "bad_message", ""},
	{"id a fraction", `{"event":"heartbeat","id":1.5}`, "bad_message", ""},
	{"id out of range", `{"event":"heartbeat","id":1e300}`, "bad_message", ""},
	{"unknown event", message("fly", `{}`, 5), "unknown_event", "fly"},
	{"event of the server", message("session_joined", `{}`, 5), "unknown_event", "session_joined"},
	{"second join", message("join_session", `{"sessionId":"other"}`, 5), "already_joined", "join_session"},
}

var wrongTypes = []badInput{
	{"payload not UTF-8", message("schedule", "{\"name\":\"flash\",\"payload\":\"\xff\"}", 0), "bad_message", ""},
	{"data an array", message("schedule", `[]`, 5), "bad_field", "schedule"},
	{"data a string", message("schedule", `"flash"`, 5), "bad_field", "schedule"},
	{"name a number", message("schedule", `{"name":7}`, 5), "bad_field", "schedule"},
	{"at a string", message("schedule", `{"name":"flash","at":"noon"}`, 5), "bad_field", "schedule"},
	{"at out of range", message("schedule", `{"name":"flash","at":1e300}`, 5), "bad_field", "schedule"},
	{"delay a string", message("schedule", `{"name":"flash","delay":"1"}`, 5), "bad_field", "schedule"},
	{"duration an object", message("start_recording", `{"duration":{}}`, 5), "bad_field", "start_recording"},
	{"commandId an array", message("armed", `{"commandId":["x"]}`, 5), "bad_field", "armed"},
	{"late a string", message("fired", `{"commandId":"x","at":1,"late":"no"}`, 5), "bad_field", "fired"},
	{"at missing", message("fired", `{"commandId":"x"}`, 5), "bad_field", "fired"},
	{"timestamp missing", message("recording_started", `{"recordingId":"x"}`, 5), "bad_field", "recording_started"},
	{"no timestamp at the stop", message("recording_stopped", `{"recordingId":"x"}`, 5), "bad_field", "recording_stopped"},
	{"isPlaying missing", message("sync_playback", `{"position":1}`, 5), "bad_field", "sync_playback"},
	{"reportedTime missing", message("report_desync", `{"reportedPosition":1}`, 5), "bad_field", "report_desync"},
	{"recordingId a number", message("upload_completed", `{"recordingId":7,"fileSizeBytes":1}`, 5), "bad_field", "upload_completed"},
	{"fileSizeBytes missing", message("upload_completed", `{"recordingId":"x"}`, 5), "bad_field", "upload_completed"},
	{"half a byte", message("upload_completed", `{"recordingId":"x","fileSizeBytes":0.5}`, 5), "bad_field", "upload_completed"},
	{"too many bytes for a number", message("upload_completed", `{"recordingId":"x","fileSizeBytes":1e30}`, 5), "bad_field", "upload_completed"},
	{"bound a string", message("recording_started", `{"recordingId":"x","timestamp":1,"bound":"1"}`, 5), "bad_field", "recording_started"},
	{"sdp a number", message("offer", `{"sdp":1}`, 5), "bad_field", "offer"},
}

var wrongValues = []badInput{
	{"no name", message("schedule", `{}`, 5), wire.CodeBadName, "schedule"},
	{"name with a blank", message("schedule", `{"name":"a b"}`, 5), wire.CodeBadName, "schedule"},
	{"at in the past", message("schedule", `{"name":"flash","at":1000}`, 5), wire.CodeAtInPast, "schedule"},
	{"at in centuries", message("schedule", `{"name":"flash","at":4102444800000}`, 5), wire.CodeAtTooFar, "schedule"},
	{"at and delay", message("schedule", `{"name":"flash","at":4102444800000,"delay":1}`, 5), wire.CodeAmbiguousTime, "schedule"},
	{"negative delay", message("schedule", `{"name":"flash","delay":-1}`, 5), wire.CodeBadDelay, "schedule"},
	{"endless delay", message("schedule", `{"name":"flash","delay":1e300}`, 5), wire.CodeBadDelay, "schedule"},
	{"payload too large", message("schedule", `{"name":"x","payload":"`+strings.Repeat("x", 16<<10)+`"}`, 5), wire.CodePayloadTooLarge, "schedule"},
	{"negative duration", message("start_recording", `{"duration":-1}`, 5), wire.CodeBadDuration, "start_recording"},
	{"negative delay", message("start_recording", `{"delay":-1}`, 5), wire.CodeBadDelay, "start_recording"},
	{"start at and delay", message("start_recording", `{"at":1,"delay":1}`, 5), wire.CodeAmbiguousTime, "start_recording"},
	{"another session", message("start_recording", `{"sessionId":"other"}`, 5), "other_session", "start_recording"},
	{"no recording to stop", message("stop_recording", `{}`, 5), wire.CodeNotRecording, "stop_recording"},
	{"a stop of another session", message("stop_recording", `{"sessionId":"other"}`, 5), "other_session", "stop_recording"},
	{"unknown command armed", message("armed", `{"commandId":"x"}`, 5), wire.CodeUnknownCommand, "armed"},
	{"unknown command fired", message("fired", `{"commandId":"x","at":1}`, 5), wire.CodeUnknownCommand, "fired"},
	{"unknown command cancelled", message("cancel", `{"commandId":"*.>"}`, 5), wire.CodeUnknownCommand, "cancel"},
	{"unknown recording", message("recording_started", `{"recordingId":"x","timestamp":1}`, 5), wire.CodeUnknownRecording, "recording_started"},
	{"negative size", message("upload_completed", `{"recordingId":"x","fileSizeBytes":-1}`, 5), wire.CodeBadSize, "upload_completed"},
	{"size beyond exact numbers", message("upload_completed", `{"recordingId":"x","fileSizeBytes":9007199254740992}`, 5), wire.CodeBadSize, "upload_completed"},
	{"unknown recording uploaded", message("upload_completed", `{"recordingId":"x","fileSizeBytes":1}`, 5), wire.CodeUnknownRecording, "upload_completed"},
	{"unknown recording failed", message("recording_failed", `{"recordingId":"*.>"}`, 5), wire.CodeUnknownRecording, "recording_failed"},
	{"media without a URL", message("load_media", `{}`, 5), wire.CodeBadMedia, "load_media"},
	{"negative position", message("sync_playback", `{"isPlaying":true,"position":-1}`, 5), wire.CodeBadPlayback, "sync_playback"},
	{"negative report", message("report_desync", `{"reportedPosition":-1,"reportedTime":1}`, 5), wire.CodeBadPlayback, "report_desync"},
	{"nonsense SDP", message("offer", `{"sdp":"nonsense"}`, 5), "bad_offer", "offer"},
	{"nonsense candidate", message("candidate", `{"candidate":"nonsense"}`, 5), "bad_candidate", "candidate"},
}

var notTheirs = []badInput{
	{"schedule", message("schedule", `{"name":"flash"}`, 5), wire.CodeNotLeader, "schedule"},
	{"cancel", message("cancel", `{"commandId":"x"}`, 5), wire.CodeNotLeader, "cancel"},
	{"start_recording", message("start_recording", `{}`, 5), wire.CodeNotLeader, "start_recording"},
	{"stop_recording", message("stop_recording", `{}`, 5), wire.CodeNotLeader, "stop_recording"},
	{"load_media", message("load_media", `{"mediaUrl":"http://x/y.mp4"}`, 5), wire.CodeNotLeader, "load_media"},
	{"sync_playback", message("sync_playback", `{"isPlaying":true}`, 5), wire.CodeNotLeader, "sync_playback"},
	{"request_leadership", message("request_leadership", `{}`, 5), wire.CodeLeaderConnected, "request_leadership"},
}

// TestBadFrames sends binary frames that are none.
func TestBadFrames(t *testing.T) {
	w := onSockets(t, session.Config{})
	c := w.Connect(t)
	c.SendFrame(make([]byte, 60))
	c.WantError("not_joined", "")
	c.Send(message("join_session", `{"sessionId":"studio"}`, 1))
	c.Joined()
	for _, n := range []int{0, 1, 59, 61, 60_000} {
		c.SendFrame(make([]byte, n))
		c.WantError("bad_frame", "")
	}
	c.SendFrame(make([]byte, 60))
	c.WantAlive()
	if frames, _, _ := w.peer(c.Seat.DeviceID).Heard(); len(frames) != 1 {
		t.Errorf("%d frames came through, want 1", len(frames))
	}
}
