package takes_test

import (
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/takes"
)

// TestDownloadName: readable, and harmless in every file system and shell.
func TestDownloadName(t *testing.T) {
	at := clock.SessionTime(time.Date(2026, 11, 25, 15, 10, 30, 5e8, time.UTC).UnixNano())
	for _, c := range []struct{ name, label, view, file, kind, want string }{
		{"a user", "a", "front|Kim 🏳️‍🌈", "x.mp4", "", "a-20261125T151030Z-front-Kim-465aba69.mp4"},
		{"a user without a view", "a", "|可可", "x.mp4", "", "a-20261125T151030Z-可可-465aba69.mp4"},
		{"a user called as the view", "a", "front|front", "x.mp4", "", "a-20261125T151030Z-front-465aba69.mp4"},
		{"a user of nothing that file systems take", "a", "|🏳️‍🌈", "x.mp4", "", "a-20261125T151030Z-465aba69.mp4"},
		{"plain", "plank", "front", "x.webm", "video/webm;codecs=vp8,opus", "plank-20261125T151030Z-front-465aba69.webm"},
		{"nothing said", "", "", "x", "", "take-20261125T151030Z-465aba69.bin"},
		{"only a name", "a b", "", "x.MOV", "", "a-b-20261125T151030Z-465aba69.mov"},
		{"the type counts", "a", "", "x.html", "video/mp4", "a-20261125T151030Z-465aba69.mp4"},
		{"a page", "a", "", "x.html", "text/html", "a-20261125T151030Z-465aba69.bin"},
		{"a program", "a", "", "x.exe", "", "a-20261125T151030Z-465aba69.bin"},
		{"a shell", "'; rm -rf ~; '", "$(id)`id`\"", "x.mp4", "", "rm-rf-20261125T151030Z-id-id-465aba69.mp4"},
		{"a path", "../../etc/passwd", "..", "x.mp4", "", "etc-passwd-20261125T151030Z-465aba69.mp4"},
		{"other scripts", "پلانک ۱ é", "\u202efdp", "x.mp4", "", "پلانک-۱-é-20261125T151030Z-fdp-465aba69.mp4"},
		{"long", strings.Repeat("é", 128), "", "x.mp4", "", strings.Repeat("é", 40) + "-20261125T151030Z-465aba69.mp4"},
	} {
		view, user, _ := strings.Cut(c.view, "|")
		takes := takes.Of([]session.Recording{{
			RecordingID: "a", SessionID: "studio", TakeID: "1", PostureLabel: c.label, ViewType: view, Username: user, TakeTimestamp: at,
			DeviceID: "465aba69-e798-46db-bad7-978c324f48d3", File: "recordings/studio/1/a-" + c.file, FileType: c.kind,
		}})
		if got := *takes[0].Recordings[0].DownloadName; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
