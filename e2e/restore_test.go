package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/signaling"
)

// TestRestore: a copy of the data directory, put into another place, is the server as it was:
// sessions, keys, and who comes back.
func TestRestore(t *testing.T) {
	data, again := t.TempDir(), filepath.Join(t.TempDir(), "restored")
	first := newInstance(t, "--access", "link", "--data", data, "--no-qr")
	key, err := os.ReadFile(filepath.Join(data, "admin.key"))
	check(t, err)
	before := &day{t: t, i: first, admin: strings.TrimSpace(string(key)), secrets: map[string]string{}}
	s := before.create()
	seat := first.join(signaling.JoinRequest{SessionID: s.SessionID, Key: s.Keys.Device})
	first.kill() // the copy is of a directory as a snapshot of its disk would have it
	check(t, os.CopyFS(again, os.DirFS(data)))

	second := newInstance(t, "--access", "link", "--data", again, "--no-qr")
	after := &day{t: t, i: second, admin: before.admin, secrets: map[string]string{}}
	var list struct{ TotalSessions int }
	if status := after.call("GET", "/api/sessions", after.admin, "", &list); status != http.StatusOK || list.TotalSessions != 1 {
		t.Errorf("the list: %d, %+v", status, list)
	}
	back := second.join(signaling.JoinRequest{SessionID: s.SessionID, ResumeToken: seat.ResumeToken})
	if back.DeviceID != seat.DeviceID {
		t.Errorf("came back as %s, was %s", back.DeviceID, seat.DeviceID)
	}
}
