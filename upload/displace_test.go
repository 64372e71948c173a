package upload_test

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/upload"
)

// TestForeignUploadOfARecording: whoever doesn't rank as high changes nothing about an upload
// that is under way, however it is tried.
func TestForeignUploadOfARecording(t *testing.T) {
	w, want := newWorld(t), random(30_000)
	path := w.createBy(upload.Recorder, "rec1", len(want))
	w.wants("POST", "/api/uploads/", creation(upload.Anybody, "rec1", 5), nil, 423, "upload_under_way") // before a byte has come
	w.patch(path, 0, want[:20_000], 204, "")
	for _, by := range []upload.Rank{upload.Anybody, upload.Commander} {
		for _, size := range []int{0, 1, 30_000} {
			w.wants("POST", "/api/uploads/", creation(by, "rec1", size), nil, 423, "upload_under_way")
		}
	}
	if at := w.offset(path); at != 20_000 {
		t.Fatalf("offset %d", at)
	}
	w.stop()
	w.start() // what it was begun with is kept
	w.wants("POST", "/api/uploads/", creation(upload.Commander, "rec1", 1), nil, 423, "upload_under_way")
	w.patch(path, 20_000, want[20_000:], 204, "")
	w.arrived(want)
}

// TestUploadBegunAnew: a client that doesn't know where its upload is begins another one. That takes
// the place of the first with its first bytes, not before.
func TestUploadBegunAnew(t *testing.T) {
	for _, by := range []upload.Rank{upload.Anybody, upload.Recorder} {
		w, want := newWorld(t), random(100)
		first := w.createBy(upload.Anybody, "rec1", 100)
		w.patch(first, 0, want[:50], 204, "")
		second := w.createBy(by, "rec1", 100)
		if at := w.offset(first); at != 50 {
			t.Fatalf("a creation without a byte set the first one back to %d", at)
		}
		w.patch(second, 0, want[:10], 204, "")
		w.wants("HEAD", first, nil, nil, 404, "")
		w.patch(first, 50, want[50:], 404, "unknown_upload")
		w.patch(second, 10, want[10:], 204, "")
		w.arrived(want)
		if len(w.rec.givenUp) > 0 {
			t.Errorf("told that %v is given up", w.rec.givenUp)
		}
	}
}

// TestUploadBegunAnewWhileOneSends: the request that sends to the first one ends, and leaves nothing.
func TestUploadBegunAnewWhileOneSends(t *testing.T) {
	w, want := newWorld(t), random(100)
	first := w.create(100)
	c := w.dialPatch(first, 0, 100, "")
	defer c.Close()
	_, _ = c.Write(want[:50])
	w.received(first, 50)
	second := w.create(100)
	w.patch(second, 0, want[:10], 204, "")
	if answer, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || answer.StatusCode != http.StatusLocked {
		t.Fatalf("%v %v", answer, err)
	}
	w.wants("HEAD", first, nil, nil, 404, "")
	w.patch(second, 10, want[10:], 204, "")
	w.arrived(want)
	if files, _ := filepath.Glob(filepath.Join(w.dir, "uploads", "*.part")); len(files) > 0 {
		t.Error("left over: ", files)
	}
}

// TestCreationsWithoutBytes: however many a client makes for a recording, one is there.
func TestCreationsWithoutBytes(t *testing.T) {
	w, want := newWorld(t, func(c *upload.Config) { c.PerDevice = 2 }), random(100)
	for range 50 {
		w.create(100)
	}
	path := w.create(100)
	w.patch(path, 0, want, 204, "")
	w.arrived(want)
}

func TestTooManyUploads(t *testing.T) {
	for name, c := range map[string]struct {
		set             func(*upload.Config)
		first, second   string
		refused, spared string
	}{
		"of a device":  {func(c *upload.Config) { c.PerDevice = 2 }, "a-1", "a-2", "a-3", "b-1"},
		"of a session": {func(c *upload.Config) { c.PerSession = 2 }, "a-1", "b-1", "c-1", ""},
		"in all":       {func(c *upload.Config) { c.MaxOpen = 2 }, "a-1", "b-1", "c-1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.set)
			w.createBy(0, c.first, 1)
			path := w.createBy(0, c.second, 1)
			w.wants("POST", "/api/uploads/", creation(0, c.refused, 1), nil, 429, "too_many_uploads")
			if c.spared != "" {
				w.createBy(0, c.spared, 1)
			}
			w.wants("DELETE", path, nil, nil, 204, "")
			w.createBy(0, c.refused, 1)
		})
	}
}

// TestReservationIsShort: what was created and gets no byte is gone after two minutes, after a restart
// too; asking for it doesn't keep it.
func TestReservationIsShort(t *testing.T) {
	now := time.Now()
	w := newWorld(t, func(c *upload.Config) { c.Now = func() time.Time { return now } })
	path := w.create(100)
	now = now.Add(119 * time.Second)
	if at := w.offset(path); at != 0 {
		t.Fatalf("offset %d", at)
	}
	now = now.Add(2 * time.Second)
	w.wants("HEAD", path, nil, nil, 404, "")
	w.sweep()
	if files, _ := os.ReadDir(filepath.Join(w.dir, "uploads")); len(files) > 0 {
		t.Error("files are left")
	}
	if got := w.rec.givenUp; len(got) != 1 {
		t.Errorf("told that %v is given up", got)
	}
}

// TestSpaceIsPromisedAsBytesCome: who creates large uploads and sends nothing doesn't hold the disk;
// what comes is promised as much again.
func TestSpaceIsPromisedAsBytesCome(t *testing.T) {
	const gib = 1 << 30
	free := int64(100 * gib)
	w := newWorld(t, func(c *upload.Config) { c.MaxSize, c.Free = 64*gib, func(string) (int64, error) { return free, nil } })
	for i := range 12 {
		w.createBy(0, fmt.Sprintf("d%d-1", i), 64*gib)
	}
	w.createBy(0, "honest-1", 64*gib)
	free = 13*64<<20 + 100
	w.wants("POST", "/api/uploads/", creation(0, "late-1", 101), nil, 507, "disk_full")
	w.createBy(0, "late-2", 100)
}
