package session

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/session/internal/rules"
)

// written returns a snapshot as it is written.
func written(t *testing.T, s Snapshot) string {
	t.Helper()
	hollow, err := rules.Encode(s.Hollow())
	wantCode(t, err, "")
	var b bytes.Buffer
	j := s.Fill(hollow)
	n, err := j.WriteTo(&b)
	wantCode(t, err, "")
	if int(n) != j.Len() || b.String() != string(j.Bytes()) {
		t.Errorf("%d of %d bytes", n, j.Len())
	}
	return b.String()
}

// TestPiecesAreTheSnapshot: a snapshot's pieces are what it encodes to, whatever has changed and whatever
// people write.
func TestPiecesAreTheSnapshot(t *testing.T) {
	bubble(t, Config{MaxDevices: 20}, func(w *world) {
		leader := w.join(JoinRequest{})
		for i := range 8 {
			last := w.join(JoinRequest{
				SessionID: "studio", Username: fmt.Sprintf(`%d "users":[],"devices":[] <&>`, i), ViewType: `"users":[],"devices":[]`, DeviceType: "mobile",
			})
			steps := []func() error{
				func() error { return last.UpdateUser(w.ctx, UserUpdate{Avatar: new("<\\\">")}) },
				func() error {
					return leader.UpdateDevice(w.ctx, DeviceUpdate{DeviceID: last.DeviceID(), Silenced: new(true)})
				},
				func() error { return last.Disconnect(w.ctx) },
			}
			for _, step := range steps {
				wantCode(t, step(), "")
				snap := leader.State()
				whole, err := rules.Encode(snap)
				wantCode(t, err, "")
				if got := written(t, snap); got != string(whole) || !json.Valid([]byte(got)) {
					t.Fatalf("pieces\n%s\nwhole\n%s", got, whole)
				}
			}
		}
	})
}

// TestMembersHaveABudget: texts of members who come and go don't make a session grow without end; who was
// there comes back, and who makes its own shorter may.
func TestMembersHaveABudget(t *testing.T) {
	bubble(t, Config{MaxDevices: 10}, func(w *world) {
		avatar := strings.Repeat("<", rules.MaxAvatar)
		first := w.join(JoinRequest{SessionID: "studio", Avatar: avatar})
		for range 20 * rules.RememberedDevices {
			p := w.join(JoinRequest{SessionID: "studio", Avatar: avatar})
			wantCode(t, p.Disconnect(w.ctx), "")
			n := 0
			for _, u := range first.State().Users {
				n += len(u.ID) + len(u.Username) + len(u.Avatar)
			}
			if n > rules.BytesPerDevice*10 {
				t.Fatalf("%d bytes", n)
			}
		}
		for range 8 { // who is connected finds room, however long its texts are
			w.join(JoinRequest{SessionID: "studio", Avatar: avatar, Username: strings.Repeat("é", rules.MaxName), ViewType: strings.Repeat("é", rules.MaxName)})
		}
		wantCode(t, first.UpdateUser(w.ctx, UserUpdate{Username: new(strings.Repeat("é", rules.MaxName))}), "")
		wantCode(t, first.UpdateDevice(w.ctx, DeviceUpdate{ViewType: new("front")}), "")
		wantCode(t, first.Disconnect(w.ctx), "")
		first = w.join(JoinRequest{SessionID: "studio", ResumeToken: first.joined.SessionJoined.ResumeToken})
		wantCode(t, first.UpdateUser(w.ctx, UserUpdate{Avatar: new("")}), "")
		wantCode(t, first.UpdateUser(w.ctx, UserUpdate{Username: new(strings.Repeat("é", rules.MaxName))}), "")
		w.join(JoinRequest{SessionID: "studio"})
	})
}
