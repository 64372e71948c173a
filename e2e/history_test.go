package e2e

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/upload"
)

// TestHistoryOfTwoInstances: whichever of two processes is asked, it lists every command that
// either took, and so does one that is started anew; a take that is deleted at one is
// removed from the other's disk.
func TestHistoryOfTwoInstances(t *testing.T) {
	nats, dir := newNATS(t).url(), t.TempDir()
	one := newInstance(t, "--nats", nats)
	two := newInstance(t, "--nats", nats, "--data", dir, "--disk-reserve", "0")
	ann := one.join(signaling.JoinRequest{SessionID: "studio", UserID: "ann", DeviceType: "desktop"})
	m, err := ann.Call(t.Context(), "start_recording", map[string]any{"duration": 1})
	check(t, err)
	var take session.Scheduled
	check(t, json.Unmarshal(m.Data, &take))
	eventually(t, "the take to be over", func() bool {
		status, body, err := two.do("GET", "/api/sessions/studio", "") // which may not know of it yet
		return err == nil && status == 200 && strings.Contains(string(body), `"take":null`)
	})
	ids := []string{take.CommandID, take.CommandID + "-stop"}
	for i := range 200 {
		instance := one
		if i%2 == 0 {
			instance = two
		}
		var body []byte
		eventually(t, "the command to be taken", func() bool { // at most 64 lie ahead
			var status int
			var err error
			status, body, err = instance.do("POST", "/api/sessions/studio/commands", `{"name":"flash"}`)
			return err == nil && status == 202
		})
		var cmd session.Scheduled
		check(t, json.Unmarshal(body, &cmd))
		ids = append(ids, cmd.CommandID)
	}
	slices.Sort(ids)
	lists := func(instance *instance) bool {
		var list struct{ Commands []session.Issued }
		instance.get("/api/sessions/studio/commands?limit=1000", &list)
		var listed []string
		for _, c := range list.Commands {
			if !c.Cancelled { // by an instance that was too slow for the instant, and issued it again
				listed = append(listed, c.CommandID)
			}
		}
		slices.Sort(listed)
		return slices.Equal(listed, ids)
	}
	eventually(t, "the first one's list", func() bool { return lists(one) })
	eventually(t, "the other one's list", func() bool { return lists(two) })
	one.kill()
	one.start()
	if !lists(one) {
		t.Error("one that is started anew doesn't know all")
	}

	id := recordingOf(two).RecordingID
	f := upload.File{RecordingID: id, Name: "a.webm", Size: 5}
	check(t, (&upload.Client{URL: two.url, HTTP: client}).Send(t.Context(), f, strings.NewReader("frame")))
	status, body, err := one.do("DELETE", "/api/sessions/studio/takes/"+take.CommandID, "")
	if err != nil || status != 200 {
		t.Fatalf("%d %s %v", status, body, err)
	}
	eventually(t, "the other one's files to be removed", func() bool {
		_, err := os.Stat(filepath.Join(dir, "recordings", "studio"))
		return errors.Is(err, fs.ErrNotExist)
	})
}
