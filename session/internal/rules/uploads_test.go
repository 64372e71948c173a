package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// TestOneDisk: a recording's bytes go to one disk, unless that isn't reached any more, and its first file stays.
func TestOneDisk(t *testing.T) {
	b := studio(t)
	b.do(Start(b.State, CommandRecord{ID: "take", Event: wire.StartRecording}, When{Lead: time.Millisecond}, after(2*time.Second)))
	now, id := after(3*time.Second), RecordingID("take", "d-bob")
	b.do(plan(b.State, now), nil)
	refused := func(to Receiver, code string) {
		t.Helper()
		_, err := Began(b.State, id, to, now)
		b.want(err, code)
	}
	disk := func(want string) {
		t.Helper()
		if got := b.State.Recordings[id].Disk; got != want {
			t.Errorf("on disk %q, want %q", got, want)
		}
	}
	one, two := Receiver{Disk: "one"}, Receiver{Disk: "two"}
	b.do(Began(b.State, id, one, now))
	refused(two, wire.CodeUploadUnderWay)
	refused(Receiver{Disk: "two", Instead: "three"}, wire.CodeUploadUnderWay)
	b.do(GaveUp(b.State, id, "two"))
	disk("one")
	b.do(GaveUp(b.State, id, "one"))
	disk("")
	b.do(Began(b.State, id, two, now))
	b.do(Began(b.State, id, Receiver{Disk: "one", Instead: "two"}, now))
	disk("one")

	file := UploadedFile{RecordingID: id, Size: 7, Path: "a", SHA256: strings.Repeat("ab", 32), Disk: "two"}
	b.do(Uploaded(b.State, file, now)) // the disk that came back was the first
	disk("two")
	refused(one, wire.CodeAlreadyUploaded)
	refused(Receiver{Disk: "one", Instead: "two"}, wire.CodeAlreadyUploaded)
	if changes, err := Uploaded(b.State, file, now); err != nil || len(changes) > 0 {
		t.Errorf("told again: %v, %v", changes, err)
	}
	for name, change := range map[string]func(*UploadedFile){
		"other bytes": func(f *UploadedFile) { f.SHA256 = strings.Repeat("cd", 32) },
		"disk":        func(f *UploadedFile) { f.Disk = "one" },
		"path":        func(f *UploadedFile) { f.Path = "b" },
	} {
		other := file
		change(&other)
		_, err := Uploaded(b.State, other, now)
		if codeOf(err) != wire.CodeAlreadyUploaded {
			t.Errorf("another %s: %v", name, err)
		}
	}
}
