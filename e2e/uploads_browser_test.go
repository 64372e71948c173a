package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/server"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// TestChromiumUploads sends a Blob from a real page, under the service's own
// rules about origins, with tus-js-client as it is.
func TestChromiumUploads(t *testing.T) {
	const library = "../web/node_modules/tus-js-client/dist/tus.min.js"
	if _, err := os.Stat(library); err != nil {
		testutil.Missing(t, "tus-js-client")
	}
	dir := t.TempDir()
	r := serving(t, server.Config{MaxLead: time.Second, MaxDevices: 10, Data: dir, DiskReserve: -1}, func(product http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/", new(entrance).wrap(product))
		mux.HandleFunc("/test/tus.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, library) })
		return mux
	})
	i := &instance{t: t, url: r.URL}
	c := i.join(signaling.JoinRequest{SessionID: "studio", DeviceType: "native"})
	_, err := c.Call(t.Context(), "start_recording", map[string]any{"duration": 100})
	check(t, err)
	var start session.StartRecording
	check(t, c.await(t, "start_recording").Decode(&start))
	c.await(t, "stop_recording")
	eventually(t, "the take to be over", func() bool { return recordingOf(i).UploadStatus == "pending" })

	const size = 64 << 20
	browser := newChromium(t)
	defer browser.close()
	check(t, chromedp.Do(browser.ctx, chromedp.Navigate(i.url+"/test/upload.html")))
	failed := "nothing said"
	evaluate(t, browser.ctx, fmt.Sprintf("sendBlob(%q, %d)", start.RecordingID, size), &failed)
	if failed != "" {
		t.Fatal(failed)
	}
	got, err := os.ReadFile(filepath.Join(dir, "recordings", "studio", start.CommandID, start.RecordingID+"-blob.webm"))
	check(t, err)
	if len(got) != size {
		t.Fatalf("%d bytes", len(got))
	}
	for n, b := range got {
		if b != byte(n%251) {
			t.Fatalf("byte %d is %d", n, b)
		}
	}
	c.await(t, "session_completed")
}
