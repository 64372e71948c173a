package signaling

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/downbeat-sync/downbeat/session"
)

// FuzzParseMessage: whatever comes is either refused with bad_message or a
// message that can be written and read again, and whose data can be decoded or
// is refused with bad_field.
func FuzzParseMessage(f *testing.F) {
	for _, s := range []string{
		message("join_session", `{"sessionId":"studio","offer":"v=0"}`, 1),
		message("schedule", `{"name":"flash","payload":[1,{}],"at":946684800000.125,"delay":null}`, 2),
		message("fired", `{"commandId":"x","at":-1e-7,"late":true}`, 3),
		message("sync_playback", `{"position":1e400,"isPlaying":0}`, -1),
		`{"event":"x","event":"y","data":null}`, `{"EVENT":"x","Data":[]}`, `{`, `null`, `"x"`, ``, "{\"event\":\"\xff\"}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseMessage(b)
		if err != nil {
			wantCode(t, err, "bad_message")
			return
		}
		if m.Event == "" || len(m.Event) > maxEventName {
			t.Errorf("event %q", m.Event)
		}
		again, err := json.Marshal(m)
		must(t, err)
		if n, err := ParseMessage(again); err != nil && len(m.Event)*3 <= maxEventName || err == nil && (n.ID != m.ID || n.ReplyTo != m.ReplyTo) {
			t.Errorf("%s became %+v, %v", b, n, err)
		}
		for _, v := range []any{
			new(JoinRequest), new(ScheduleData), new(recordingData), new(firedData), new(missedData), new(frameData), new(SDP),
			new(loadMediaData), new(syncPlaybackData), new(desyncData), new(candidateData), new(commandID),
		} {
			if err := m.Decode(v); err != nil {
				wantCode(t, err, "bad_field")
			}
		}
	})
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var e *session.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("error %v, want the code %s", err, code)
	}
}
