package signaling

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// witness remembers what it is told.
type witness struct {
	mu   sync.Mutex
	seen []string
}

func (w *witness) note(format string, v ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, fmt.Sprintf(format, v...))
}

func (w *witness) Joined(v Visit) {
	w.note("joined %s role %q resumed %v", v.SessionID, v.Role, v.Resumed)
}

func (w *witness) Left(v Visit, f Farewell) {
	w.note("left %s %d %q server %v after %v", v.SessionID, f.Code, f.Reason, f.ByServer, f.Stayed)
}

func (w *witness) Refused(r Refusal) {
	w.note("refused %s via %s in %q", r.Code, r.Via, r.SessionID)
}

func (w *witness) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.Sort(w.seen) // who comes in the place of who goes: both orders are right
	slices.Sort(want)
	if !slices.Equal(w.seen, want) {
		t.Errorf("told %q,\nwant %q", w.seen, want)
	}
	w.seen = nil
}

// TestComingAndGoingIsTold with the code that a connection closed with, and by whom.
func TestComingAndGoingIsTold(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		seen := &witness{}
		w.server.observe = seen
		first := w.Join(t, `{"sessionId":"studio"}`)
		seen.expect(t, `joined studio role "" resumed false`)
		time.Sleep(time.Second)
		second := w.Join(t, `{"sessionId":"studio","resumeToken":"`+first.Seat.ResumeToken+`"}`)
		first.WantClose(wire.CloseReplaced)
		seen.expect(t, `joined studio role "" resumed true`, `left studio 4001 "replaced" server true after 1s`)
		second.Send(message("leave_session", `{}`, 1))
		second.WantClose(wire.CloseLeft)
		seen.expect(t, `left studio 4005 "left" server true after 0s`)

		broken := w.Join(t, `{"sessionId":"studio"}`)
		must(t, broken.WS.NetConn().Close())
		seen.expect(t, `joined studio role "" resumed false`, `left studio 1006 "" server false after 0s`)
		polite := w.Join(t, `{"sessionId":"studio"}`)
		must(t, polite.WS.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""), time.Now().Add(time.Second)))
		seen.expect(t, `joined studio role "" resumed false`, `left studio 1001 "" server false after 0s`)

		wrong := w.Join(t, `{"sessionId":"studio"}`)
		wrong.Send(message("fired", `{}`, 1))
		wrong.Next("error")
		seen.expect(t, `joined studio role "" resumed false`, `refused bad_field via websocket in "studio"`)
		stranger := w.Connect(t)
		time.Sleep(joinTimeout)
		stranger.WantClose(wire.CloseJoinTimeout)
		seen.expect(t, `refused join_timeout via websocket in ""`)
	})
}
