package e2e

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/session"
)

// seedClient serves the second document's client as a page has it, with its server's address.
func seedClient(t *testing.T) http.HandlerFunc {
	t.Helper()
	b, err := os.ReadFile("../socketio/testdata/second/client.js")
	check(t, err)
	client := strings.Replace(string(b), "'http://localhost:3000'", "location.origin", 1)
	page := "import { io } from '/socket.io/socket.io.esm.min.js'\nconst updateMediaPlayer = () => {}\n" + client + "\nexport { socket }\n"
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte(page))
	}
}

// TestBrowserBesideSocketIO: a page of the library and one of a document's, in one session: one start for both, and
// a report that says which of them has no clock of its own.
func TestBrowserBesideSocketIO(t *testing.T) {
	room := newRoom(t, map[string]http.HandlerFunc{"/second.js": seedClient(t)})
	leader := room.join(joinOptions{"sessionId": "my-session-id"})
	guest := room.open()
	guestID := ask[string](guest, `(async () => {
		const { socket } = await import('/second.js')
		globalThis.heard = []
		for (const name of ['start_recording', 'stop_recording']) socket.on(name, data => heard.push([name, data.commandId]))
		return new Promise(done => socket.on('session_joined', ({ deviceId }) => done(deviceId)))
	})()`)
	report := ask[session.Report](leader, `(async () => {
		s.onCommand('start_recording', () => {})
		const { commandId } = await s.startRecording('side')
		const end = performance.now() + 15000
		for (;;) {
			const report = await (await fetch('/api/sessions/my-session-id/commands/' + commandId)).json()
			if (report.devices?.length === 2 && report.devices.every(d => d.at) || performance.now() > end) {
				await s.stopRecording()
				return report
			}
			await new Promise(done => setTimeout(done, 50))
		}
	})()`)
	own := ask[string](leader, "s.deviceId")
	if len(report.Devices) != 2 {
		t.Fatalf("the report is %+v", report)
	}
	for _, d := range report.Devices {
		if d.NoClock != (d.DeviceID == guestID) || d.DeviceID != guestID && d.DeviceID != own || d.At == nil || d.BoundMs == nil {
			t.Errorf("the report has %+v; the guest is %s", d, guestID)
		}
	}
	heard := ask[[][2]string](guest, `new Promise(done => {
		const end = performance.now() + 15000
		const look = () => heard.length > 1 || performance.now() > end ? done(heard) : setTimeout(look, 5)
		look()
	})`)
	if len(heard) != 2 || heard[0] != [2]string{"start_recording", report.CommandID} || heard[1][0] != "stop_recording" {
		t.Errorf("the guest heard %v of take %s", heard, report.CommandID)
	}
}
