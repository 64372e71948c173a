package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// TestChromiumUploads sends a Blob from a real page, under the service's own
// rules about origins, with tus-js-client as it is.
func TestChromiumUploads(t *testing.T) {
	const library = "../../web/node_modules/tus-js-client/dist/tus.min.js"
	if _, err := os.Stat(library); err != nil {
		t.Skip("make setup installs tus-js-client")
	}
	dir := t.TempDir()
	s, err := listen("127.0.0.1:0", 0)
	check(t, err)
	svc, err := newService(serviceConfig{
		udp: s.udp, tcp: s.tcp, minLead: 100 * time.Millisecond, maxLead: time.Second, maxDevices: 10, data: dir, diskReserve: -1, log: quiet(),
		wrap: func(product http.Handler) http.Handler {
			mux := http.NewServeMux()
			mux.Handle("/", new(entrance).wrap(product))
			mux.HandleFunc("/test/tus.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, library) })
			return mux
		},
	})
	check(t, err)
	serving, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- svc.run(serving, s.http) }()
	defer func() { stop(); check(t, <-served) }()
	i := &instance{t: t, url: "http://" + s.http.Addr().String()}
	c := i.join(signaling.JoinRequest{SessionID: "studio", DeviceType: "native"})
	_, err = c.Call(t.Context(), "start_recording", map[string]any{"duration": 100})
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
