//go:build linux

package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// smallDisk mounts a file system of 48 MiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("downbeat-test", dir, "tmpfs", 0, "size=48m"); err != nil {
		t.Skip("mounting a small file system:", err)
	}
	t.Cleanup(func() { check(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	return dir
}

// TestFullDisk: on a full disk changes are refused with a code, the instance isn't ready, the session goes
// on, and once there is space again so do changes.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t)
	server := newInstance(t, "--data", dir, "--disk-reserve", "16MiB")
	ann := server.join(signaling.JoinRequest{SessionID: "studio", UserID: "ann"})
	ballast := filepath.Join(dir, "recordings", "ballast")
	check(t, os.WriteFile(ballast, make([]byte, 40<<20), 0o600))
	pause(t.Context(), 200*time.Millisecond) // the disk is looked at ten times a second

	status, body, err := server.do("POST", "/api/sessions", "{}")
	check(t, err)
	var refused struct {
		Error struct{ Code, Message string }
	}
	check(t, json.Unmarshal(body, &refused))
	if status != http.StatusServiceUnavailable || refused.Error.Code != "unavailable" || !strings.Contains(refused.Error.Message, "disk is full") {
		t.Errorf("%d %s", status, body)
	}
	if status, body, err := server.do("GET", "/readyz", ""); err != nil || status != http.StatusServiceUnavailable || !strings.Contains(string(body), `"disk_full"`) {
		t.Errorf("/readyz: %d %s %v", status, body, err)
	}
	if _, err := ann.Call(t.Context(), "schedule", map[string]any{"name": "flash"}); err == nil || !strings.Contains(err.Error(), "disk is full") {
		t.Errorf("schedule: %v", err)
	}
	if _, err := ann.Call(t.Context(), "request_session_state", nil); err != nil {
		t.Errorf("the session doesn't go on: %v", err)
	}
	server.get("/api/sessions/studio", &struct{}{})

	check(t, os.Remove(ballast))
	eventually(t, "changes to be taken again", func() bool {
		_, err := ann.Call(t.Context(), "schedule", map[string]any{"name": "flash"})
		return err == nil
	})
	server.kill()
	server.start()
	eventually(t, "the device of the process that was killed to be marked", func() bool {
		var there struct{ Session session.Snapshot }
		server.get("/api/sessions/studio", &there)
		return len(there.Session.Devices) == 1 && !there.Session.Devices[0].IsConnected
	})
}
