package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/downbeat-sync/downbeat/server"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/takes"
)

// recordingStage is a real server that takes recordings in, and a real Chromium
// with its fake camera whose pages are recording devices.
type recordingStage struct {
	t       testing.TB
	svc     *server.Server
	udp     net.Addr
	dir     string
	url     string
	browser *chromium
	leader  *connected
}

// fakeCamera gives every page a camera and a microphone without asking.
var fakeCamera = []chromedp.ExecAllocatorOption{
	chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
}

// newRecordingStage serves; around, if any, is around the product.
func newRecordingStage(t testing.TB, around func(http.Handler) http.Handler, options ...chromedp.ExecAllocatorOption) *recordingStage {
	t.Helper()
	s := &recordingStage{t: t, dir: t.TempDir()}
	r := serving(t, server.Config{MaxDevices: 10, Data: s.dir, DiskReserve: -1}, func(product http.Handler) http.Handler {
		if around != nil {
			product = around(product)
		}
		return s.wrap(product)
	})
	s.svc, s.udp, s.url = r.Server, r.Server.RTCAddr(), r.URL
	s.browser = newChromium(t, options...)
	s.leader = (&instance{t: t, url: s.url}).join(signaling.JoinRequest{SessionID: "studio"})
	t.Cleanup(func() {
		s.browser.close()
	})
	return s
}

// wrap serves the tests' pages under the product's own content security policy,
// and what has been recorded below /test/recordings/.
func (s *recordingStage) wrap(product http.Handler) http.Handler {
	pages := new(entrance).wrap(product)
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.HandleFunc("/test/", func(w http.ResponseWriter, r *http.Request) {
		asProduct := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Host = "localhost"
		product.ServeHTTP(asProduct, request)
		w.Header().Set("Content-Security-Policy", asProduct.Header().Get("Content-Security-Policy"))
		pages.ServeHTTP(w, r)
	})
	mux.Handle("/test/recordings/", http.StripPrefix("/test/", http.FileServer(http.Dir(s.dir))))
	return mux
}

// recordingPage is a page that records.
type recordingPage struct {
	*recordingStage
	ctx context.Context
	id  string
}

// device opens one and waits until its camera is open.
func (s *recordingStage) device(query string) *recordingPage {
	s.t.Helper()
	p := &recordingPage{recordingStage: s, ctx: s.browser.tab(s.t, s.url+"/test/recorder.html?"+query)}
	p.ready()
	return p
}

// ready waits until the page has joined and opened its camera.
func (p *recordingPage) ready() {
	p.t.Helper()
	p.joined()
	var refused string
	evaluate(p.t, p.ctx, `recording.opened`, &refused)
	if refused != "" {
		p.t.Fatalf("the recorder doesn't open: %s", refused)
	}
}

// joined waits until the page has joined.
func (p *recordingPage) joined() {
	p.t.Helper()
	evaluate(p.t, p.ctx, `new Promise(done => { const look = () => globalThis.recording ? done(recording.id) : setTimeout(look, 5); look() })`, &p.id)
}

// await waits until JavaScript is true.
func (p *recordingPage) await(condition string) {
	p.t.Helper()
	var done bool
	evaluate(p.t, p.ctx, fmt.Sprintf(`recording.until(() => %s).then(() => true)`, condition), &done)
}

// troubles are the codes of what the recorder complained of.
func (p *recordingPage) troubles() []string {
	p.t.Helper()
	var codes []string
	evaluate(p.t, p.ctx, `recording.troubles.map(({ code, detail }) => code + (detail ? ': ' + detail : ''))`, &codes)
	return codes
}

// take makes a take as the leader, and waits until it is over.
func (s *recordingStage) take(label string, length time.Duration) {
	s.t.Helper()
	_, err := s.leader.Call(s.t.Context(), "start_recording", map[string]any{"postureLabel": label, "duration": ms(length)})
	check(s.t, err)
	var stop session.StopRecording
	check(s.t, s.leader.await(s.t, "stop_recording").Decode(&stop))
	pause(s.t.Context(), s.svc.Clock().Until(stop.Timestamp))
}

// recordings waits until the session has n recordings that are uploaded or failed.
func (s *recordingStage) recordings(n int) []session.Recording {
	s.t.Helper()
	var all []session.Recording
	for deadline := time.Now().Add(30 * time.Second); ; pause(s.t.Context(), 20*time.Millisecond) {
		var err error
		all, err = s.svc.Sessions().Recordings(s.t.Context(), "studio")
		check(s.t, err)
		done := 0
		for _, r := range all {
			if r.UploadStatus == "uploaded" || r.UploadStatus == "failed" {
				done++
			}
		}
		if done >= n {
			return all
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("of %d recordings only %d are settled: %s", n, done, asJSON(all))
		}
	}
}

func asJSON(v any) string {
	b, _ := json.MarshalIndent(v, "", " ")
	return string(b)
}

// hashed fails unless the file is what the server says it is.
func (s *recordingStage) hashed(r session.Recording) {
	s.t.Helper()
	content, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(r.File)))
	check(s.t, err)
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != r.SHA256 || int64(len(content)) != *r.FileSizeBytes {
		s.t.Errorf("recording %s isn't the file", r.RecordingID)
	}
}

// arrived is how many bytes of a recording the device has sent, by the server's own record: the file is made whole after that.
func (s *recordingStage) arrived(r session.Recording) int64 {
	s.t.Helper()
	records, err := filepath.Glob(filepath.Join(s.dir, "uploads", "*.json"))
	check(s.t, err)
	for _, name := range records {
		var u struct {
			RecordingID string
			Offset      int64
		}
		b, err := os.ReadFile(name)
		check(s.t, err)
		check(s.t, json.Unmarshal(b, &u))
		if u.RecordingID == r.RecordingID {
			return u.Offset
		}
	}
	s.t.Fatalf("nothing is known of an upload of %s", r.RecordingID)
	return 0
}

// manifest reads the manifest of a take.
func (s *recordingStage) manifest(r session.Recording) takes.Take {
	s.t.Helper()
	var m takes.Take
	b, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(filepath.Dir(r.File)), takes.ManifestName))
	check(s.t, err)
	check(s.t, json.Unmarshal(b, &m))
	return m
}

// recordedFile is what a page reads in a recording.
type recordedFile struct {
	Frames     int
	Start, End float64 // s
	Sound      *struct{ First, End float64 }
	Codes      []int // what its pictures show, if they are of blocks
	Type       string
}

// read decodes a recording in a page; blocks, if any, are the columns and rows of its pictures.
func (p *recordingPage) read(r session.Recording, blocks ...int) recordedFile {
	p.t.Helper()
	var f recordedFile
	evaluate(p.t, p.ctx, fmt.Sprintf(`import('/test/recorder_read.js').then(m => m.readFile('/test/%s', %s))`, r.File, asJSON(blocks)), &f)
	return f
}

// pageTime turns a page's performance.now(), in ms, into CLOCK_MONOTONIC.
func pageTime(t testing.TB, marks []mark, device string) func(ms float64) time.Duration {
	t.Helper()
	var shift, n float64
	for _, m := range marks {
		if at, ok := strings.CutPrefix(m.Name, "page:"+device+":"); ok {
			now, err := strconv.ParseFloat(at, 64)
			check(t, err)
			shift += m.TS - now*1000
			n++
		}
	}
	if n == 0 {
		t.Fatalf("page %s left no marks", device)
	}
	return func(ms float64) time.Duration { return time.Duration((ms*1000 + shift/n) * 1000) }
}
