package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/upload"
)

// roundRobin gives each request to the next of several instances, whatever it asks for. In front of it
// connections are cut, each when it has carried as many bytes as the next cut says.
type roundRobin struct {
	url     string
	targets []*url.URL
	next    atomic.Int64
	carried atomic.Int64 // bytes of all connections, from clients

	mu    sync.Mutex
	cuts  []int64 // after so many bytes
	heard map[string]int
}

func newRoundRobin(t *testing.T, cuts []int64, instances ...*instance) *roundRobin {
	t.Helper()
	r := &roundRobin{cuts: cuts, heard: map[string]int{}}
	for _, i := range instances {
		u, err := url.Parse(i.url)
		check(t, err)
		r.targets = append(r.targets, u)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:        func(q *httputil.ProxyRequest) { q.SetURL(r.targets[int(r.next.Add(1))%len(r.targets)]) },
		ModifyResponse: r.note, FlushInterval: -1, Transport: &http.Transport{DisableKeepAlives: true, DialContext: dialFromAnywhere},
		ErrorLog:     quietLog(),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	front := httptest.NewUnstartedServer(proxy)
	front.Listener = &cutting{front.Listener, r}
	front.Config.ErrorLog = quietLog()
	front.Start()
	t.Cleanup(front.Close)
	r.url = front.URL
	return r
}

func (r *roundRobin) note(res *http.Response) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard[res.Request.Method+" "+res.Status[:3]]++
	return nil
}

func (r *roundRobin) count(answer string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.heard[answer]
}

type cutting struct {
	net.Listener
	of *roundRobin
}

func (c *cutting) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	return &cutConn{conn, c.of}, err
}

type cutConn struct {
	net.Conn
	of *roundRobin
}

func (c *cutConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	carried := c.of.carried.Add(int64(n))
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if len(c.of.cuts) > 0 && carried >= c.of.cuts[0] {
		c.of.cuts = c.of.cuts[1:]
		_ = c.Conn.Close()
	}
	return n, err
}

// cluster is instances on one NATS server, each with a directory of its own or all with further flags.
func cluster(t *testing.T, n int, flags ...string) (all []*instance) {
	t.Helper()
	nats := newNATS(t).url()
	for range n {
		all = append(all, newInstance(t, append([]string{"--nats", nats, "--data", t.TempDir(), "--disk-reserve", "0", "--qr=false"}, flags...)...))
	}
	return all
}

// recorded has a device record at an instance, and returns what it is to upload.
func (i *instance) recorded() session.Recording {
	i.t.Helper()
	return i.recordedBy(i.join(signaling.JoinRequest{SessionID: "studio", UserID: "ann", DeviceType: "mobile"}))
}

// recordedBy does so with a device that is there.
func (i *instance) recordedBy(c *connected) session.Recording {
	i.t.Helper()
	_, err := c.Call(i.t.Context(), "start_recording", map[string]any{"duration": 100, "postureLabel": "plank"})
	check(i.t, err)
	var take session.StartRecording
	check(i.t, json.Unmarshal(c.await(i.t, "start_recording").Data, &take))
	_, err = c.Call(i.t.Context(), "recording_started", map[string]any{"recordingId": take.RecordingID, "timestamp": take.Timestamp, "bound": 0.5})
	check(i.t, err)
	stop := c.await(i.t, "stop_recording")
	var stopped session.StopRecording
	check(i.t, json.Unmarshal(stop.Data, &stopped))
	_, err = c.Call(i.t.Context(), "recording_stopped", map[string]any{"recordingId": take.RecordingID, "timestamp": stopped.Timestamp, "bound": 0.5})
	check(i.t, err)
	var of session.Recording
	eventually(i.t, "the recording to be known", func() bool {
		row, ok := i.listed(take.RecordingID)
		of = row.Recording
		return ok && of.StopTimestamp != nil
	})
	return of
}

// data is the directory of an instance of a cluster.
func (i *instance) data() string { return i.args[slices.Index(i.args, "--data")+1] }

type row struct {
	session.Recording
	FileURL       *string
	UploadedBytes *int64
}

// listed is a row of an instance's list of recordings.
func (i *instance) listed(id string) (row, bool) {
	var list struct{ Recordings []row }
	status, b, err := i.do("GET", "/api/sessions/studio/recordings", "")
	if err != nil || status != 200 || json.Unmarshal(b, &list) != nil {
		return row{}, false
	}
	for _, r := range list.Recordings {
		if r.RecordingID == id {
			return r, true
		}
	}
	return row{}, false
}

func someBytes(n int) []byte {
	b := make([]byte, n)
	src := rand.NewChaCha8([32]byte{1})
	_, _ = src.Read(b)
	return b
}

// everywhere checks that each instance hands out a recording's file, whole, in a range and in the ZIP, with the
// hash that the list names.
func everywhere(t *testing.T, all []*instance, id string, want []byte) {
	t.Helper()
	sum := sha256.Sum256(want)
	for _, i := range all {
		var r row
		eventually(t, "the file to be listed at "+i.url, func() bool {
			var ok bool
			r, ok = i.listed(id)
			return ok && r.SHA256 != ""
		})
		if r.SHA256 != hex.EncodeToString(sum[:]) || r.FileURL == nil {
			t.Fatalf("listed at %s: %+v; the file sent has %x", i.url, r, sum)
		}
		if got := download(t, i.url+*r.FileURL); !bytes.Equal(got, want) {
			t.Errorf("%s hands out %d other bytes", i.url, len(got))
		}
		q, err := http.NewRequestWithContext(t.Context(), "GET", i.url+*r.FileURL, nil)
		check(t, err)
		q.Header.Set("Range", "bytes=1000-1999")
		res, err := client.Do(q)
		check(t, err)
		part, err := io.ReadAll(res.Body)
		check(t, err)
		check(t, res.Body.Close())
		if res.StatusCode != http.StatusPartialContent || !bytes.Equal(part, want[1000:2000]) {
			t.Errorf("%s answers a range by %s, %d bytes", i.url, res.Status, len(part))
		}
		if archive := download(t, i.url+"/api/sessions/studio/takes/"+r.TakeID+"/take.zip"); !bytes.Contains(archive, want) {
			t.Errorf("the ZIP of %s lacks the file", i.url)
		}
		download(t, i.url+"/api/sessions/studio/takes/"+r.TakeID+"/manifest")
		download(t, i.url+"/api/sessions/studio/takes/"+r.TakeID+"/timeline.otio")
	}
}

// fiveCuts is an upload's way: five cuts.
var fiveCuts = []int64{3 << 20, 9 << 20, 14 << 20, 20 << 20, 27 << 20}

// TestUploadRoundRobin: an upload through a balancer that gives each request to another instance arrives once, and
// nothing that was acknowledged is sent again.
func TestUploadRoundRobin(t *testing.T) {
	for name, send := range map[string]func(*testing.T, string, string, []byte){"the Go client": sendByGo, "tus-js-client": sendByJS} {
		t.Run(name, func(t *testing.T) {
			all := cluster(t, 2)
			id, want := all[0].recorded().RecordingID, someBytes(30<<20)
			through := newRoundRobin(t, fiveCuts, all...)
			send(t, through.url, id, want)
			if n := through.count("PATCH 404") + through.count("HEAD 404"); n > 0 {
				t.Errorf("%d requests found no upload", n)
			}
			if sent := through.carried.Load(); sent > int64(len(want))+6<<20 {
				t.Errorf("%d bytes were sent for %d", sent, len(want))
			}
			everywhere(t, all, id, want)
		})
	}
}

func sendByGo(t *testing.T, to, id string, want []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := upload.Client{URL: to, HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	check(t, c.Send(ctx, upload.File{RecordingID: id, Name: "a.webm", Type: "video/webm", Size: int64(len(want))}, bytes.NewReader(want)))
}

// sendByJS sends with the unmodified client that browsers use.
func sendByJS(t *testing.T, to, id string, want []byte) {
	t.Helper()
	cmd, said := startJS(t, to, id, want)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
}

func startJS(t *testing.T, to, id string, want []byte) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	for _, needed := range []string{"node"} {
		if _, err := exec.LookPath(needed); err != nil {
			testutil.Missing(t, needed)
		}
	}
	if _, err := os.Stat("../web/node_modules/tus-js-client"); err != nil {
		testutil.Missing(t, "tus-js-client")
	}
	file := filepath.Join(t.TempDir(), "a.webm")
	check(t, os.WriteFile(file, want, 0o600))
	options, err := json.Marshal(map[string]any{"chunkSize": 4 << 20, "metadata": map[string]string{"recordingId": id, "filename": "a.webm", "filetype": "video/webm"}})
	check(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, "node", "../upload/testdata/send.mjs", to+"/api/uploads/", file, string(options))
	cmd.Stderr = &said
	check(t, cmd.Start())
	return cmd, &said
}

// TestFinishedAtTwo: of two files of one recording that are sent to two instances at once one stays, and every
// instance hands out the bytes of which the list has the hash.
func TestFinishedAtTwo(t *testing.T) {
	all := cluster(t, 2)
	finishedAtTwo(t, all, all[0].recorded().RecordingID)
}

// finishedAtTwo sends two files of one recording to two instances at once.
func finishedAtTwo(t *testing.T, all []*instance, id string) {
	t.Helper()
	files := [][]byte{bytes.Repeat([]byte("first"), 200_000), bytes.Repeat([]byte("other"), 200_000)}
	var sending sync.WaitGroup
	for n, i := range all {
		sending.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
			defer cancel()
			c := upload.Client{URL: i.url, HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
			err := c.Send(ctx, upload.File{RecordingID: id, Size: int64(len(files[n]))}, bytes.NewReader(files[n]))
			if err != nil && !strings.Contains(err.Error(), "has been uploaded") {
				t.Errorf("file %d: %v", n, err)
			}
		})
	}
	sending.Wait()
	r, _ := all[0].listed(id)
	stays := files[0]
	if sum := sha256.Sum256(files[1]); r.SHA256 == hex.EncodeToString(sum[:]) {
		stays = files[1]
	}
	everywhere(t, all, id, stays)
}

func quietLog() *log.Logger { return log.New(io.Discard, "", 0) }

// TestInstanceAway: while the instance that has an upload is away the others say so with a code to try again;
// killed in the middle and started again it goes on, and nothing that was acknowledged is sent again. What has
// arrived there is refused by the others only while it is away.
func TestInstanceAway(t *testing.T) {
	all := cluster(t, 2)
	one, two := all[0], all[1]
	id, want := one.recorded().RecordingID, someBytes(30<<20)
	through := newRoundRobin(t, fiveCuts, all...)
	cmd, said := startJS(t, through.url, id, want)
	eventually(t, "bytes to arrive", func() bool { return through.carried.Load() > 10<<20 })
	eventually(t, "every instance to tell how much has arrived", func() bool {
		a, _ := one.listed(id)
		b, _ := two.listed(id)
		return a.UploadedBytes != nil && b.UploadedBytes != nil
	})
	keeps, other := one, two
	if begun, _ := filepath.Glob(filepath.Join(one.data(), "uploads", "*.part")); len(begun) == 0 {
		keeps, other = two, one
	}
	keeps.kill()
	eventually(t, "the other one to say that it is away", func() bool { return through.count("PATCH 503")+through.count("HEAD 503") > 0 })
	keeps.start()
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if n := through.count("PATCH 404") + through.count("HEAD 404"); n > 0 {
		t.Errorf("%d requests found no upload", n)
	}
	if sent := through.carried.Load(); sent > int64(len(want))+12<<20 {
		t.Errorf("%d bytes were sent for %d", sent, len(want))
	}
	everywhere(t, all, id, want)
	r, _ := other.listed(id)
	keeps.kill()
	status, b, err := other.do("GET", *r.FileURL, "")
	if err != nil || status != http.StatusServiceUnavailable || !bytes.Contains(b, []byte(`"instance_away"`)) {
		t.Errorf("a file that is away: %d %s %v", status, b, err)
	}
	archive := download(t, other.url+"/api/sessions/studio/takes/"+r.TakeID+"/take.zip")
	if !bytes.Contains(archive, []byte("doesn't answer just now")) {
		t.Error("the ZIP doesn't say what it lacks")
	}
	keeps.start()
	everywhere(t, all, id, want)
}

// TestForgedInstance: who only says that an instance passes a request on is refused, and no instance asks what
// the store doesn't name.
func TestForgedInstance(t *testing.T) {
	i := newInstance(t, "--nats", newNATS(t).url(), "--data", t.TempDir(), "--disk-reserve", "0", "--qr=false", "--access", "link", "--admin-key", strings.Repeat("k", 20))
	for path, want := range map[string]string{
		"/api/sessions/studio/recordings/x/file": "bad_instance", "/api/uploads/x": "bad_instance", "/api/instance": "bad_instance",
	} {
		q, err := http.NewRequestWithContext(t.Context(), "GET", i.url+path, nil)
		check(t, err)
		q.Header.Set("Downbeat-Instance", "1764298800000.leader."+strings.Repeat("ab", 32))
		res, err := client.Do(q)
		check(t, err)
		b, err := io.ReadAll(res.Body)
		check(t, err)
		check(t, res.Body.Close())
		if res.StatusCode != http.StatusForbidden || !bytes.Contains(b, []byte(want)) {
			t.Errorf("%s: %s %s", path, res.Status, b)
		}
	}
	if status, b, _ := i.do("GET", "/api/instance", ""); status != http.StatusForbidden {
		t.Errorf("the probe of anybody: %d %s", status, b)
	}
	if status, b, _ := i.do("PATCH", "/api/uploads/000000000000.50d169f8-48d4-5cc3-b7fc-d802ededce0a", "x"); status != http.StatusNotFound || !bytes.Contains(b, []byte("unknown_upload")) {
		t.Errorf("an upload on no disk: %d %s", status, b)
	}
}
