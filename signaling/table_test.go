package signaling

import (
	"maps"
	"slices"
	"testing"

	"github.com/downbeat-sync/downbeat/internal/testsocket"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// TestRequestsAreThoseOfTheTable: what is carried out is what package wire has.
func TestRequestsAreThoseOfTheTable(t *testing.T) {
	var listed []string
	for _, q := range wire.Requests() {
		listed = append(listed, q.Name)
	}
	slices.Sort(listed)
	if carried := slices.Sorted(maps.Keys(requests)); !slices.Equal(carried, listed) {
		t.Errorf("carried out are\n%v, the table has\n%v", carried, listed)
	}
}

// TestWhatTheLeaderAloneMay: what is marked so is refused to others, and nothing else is.
func TestWhatTheLeaderAloneMay(t *testing.T) {
	w := onSockets(t, session.Config{})
	w.Join(t, `{"sessionId":"studio"}`)
	c := w.Join(t, `{"sessionId":"studio","deviceType":"mobile"}`)
	data := `{"userId":"x","deviceId":"` + c.Seat.DeviceID + `","name":"x","mediaUrl":"x","isPlaying":true,"loop":true,"commandId":"x",` +
		`"settings":{},"on":true,"recordingId":"x","timestamp":1,"at":1,"lateMs":1,"reason":"woke_late","fileSizeBytes":1,` +
		`"buffering":true,"mediaDuration":1,"reportedPosition":1,"reportedTime":1,"sdp":"x","candidate":"x"}`
	for _, q := range wire.Requests() {
		sent := data
		switch q.Name {
		case wire.JoinSession, wire.LeaveSession:
			continue
		case wire.UpdateUser:
			sent = `{"username":"x"}`
		case wire.Schedule, wire.StartRecording:
			sent = `{"name":"x"}`
		}
		c.Send(message(q.Name, sent, 7))
		var e ErrorData
		m := answer(c, 7)
		if m.Event == wire.Error {
			must(t, m.Decode(&e))
		} else if m.Event != q.Answer {
			t.Errorf("%s was answered by %s, the table has %s", q.Name, m.Event, q.Answer)
		}
		if refused := e.Code == wire.CodeNotLeader; refused != q.Leads {
			t.Errorf("%s of another than the leader was answered %s %s", q.Name, m.Event, m.Data)
		}
	}
}

// answer returns what answers the request of an id.
func answer(c *socket, id int64) testsocket.Message {
	c.T.Helper()
	for {
		if m := c.Any(); m.ReplyTo == id {
			return m
		}
	}
}
