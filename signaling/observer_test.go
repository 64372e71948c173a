package signaling

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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
		first := w.join(t, `{"sessionId":"studio"}`)
		seen.expect(t, `joined studio role "" resumed false`)
		time.Sleep(time.Second)
		second := w.join(t, `{"sessionId":"studio","resumeToken":"`+first.seat.ResumeToken+`"}`)
		first.wantClose(wire.CloseReplaced)
		seen.expect(t, `joined studio role "" resumed true`, `left studio 4001 "replaced" server true after 1s`)
		second.send(message("leave_session", `{}`, 1))
		second.wantClose(wire.CloseLeft)
		seen.expect(t, `left studio 4005 "left" server true after 0s`)

		broken := w.join(t, `{"sessionId":"studio"}`)
		must(t, broken.ws.NetConn().Close())
		seen.expect(t, `joined studio role "" resumed false`, `left studio 1006 "" server false after 0s`)
		polite := w.join(t, `{"sessionId":"studio"}`)
		must(t, polite.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""), time.Now().Add(time.Second)))
		seen.expect(t, `joined studio role "" resumed false`, `left studio 1001 "" server false after 0s`)

		wrong := w.join(t, `{"sessionId":"studio"}`)
		wrong.send(message("fired", `{}`, 1))
		wrong.next("error")
		seen.expect(t, `joined studio role "" resumed false`, `refused bad_field via websocket in "studio"`)
		stranger := w.connect(t)
		time.Sleep(joinTimeout)
		stranger.wantClose(wire.CloseJoinTimeout)
		seen.expect(t, `refused join_timeout via websocket in ""`)
	})
}

// TestRefusedCallsAreTold, below a prefix too.
func TestRefusedCallsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &witness{}
		s := New(Config{Observe: seen, Prefix: "/beat"})
		defer s.Close()
		for _, path := range []string{"/api/nothing", "/beat/api/nothing"} {
			s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "http://127.0.0.1"+path, nil))
		}
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "http://elsewhere.example/livez", nil))
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "http://127.0.0.1/livez", nil))
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "http://127.0.0.1/ws", nil))
		seen.expect(t, `refused not_found via http in ""`, `refused not_found via http in ""`, `refused bad_host via http in ""`,
			`refused not_websocket via http in ""`)
	})
}

// readsFrom notes whether it was asked to read.
type readsFrom struct {
	http.ResponseWriter
	asked bool
}

func (r *readsFrom) ReadFrom(src io.Reader) (int64, error) {
	r.asked = true
	return io.Copy(r.ResponseWriter, src)
}

// TestWatchedFilesGoTheShortWay: what watches the answers doesn't copy files.
func TestWatchedFilesGoTheShortWay(t *testing.T) {
	in := &readsFrom{ResponseWriter: httptest.NewRecorder()}
	if _, err := io.Copy(&observed{ResponseWriter: in}, io.LimitReader(bytes.NewReader(make([]byte, 10)), 10)); err != nil || !in.asked {
		t.Errorf("the system wasn't asked: %v", err)
	}
}
