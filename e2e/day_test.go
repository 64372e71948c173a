package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/shell"
	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// day is what a server with keys has to do in a day, in a process of its own: all of it
// happens once, and some of it is refused.
type day struct {
	t       *testing.T
	i       *instance
	log     testutil.LogLines
	admin   string
	secrets map[string]string // by what they are
	metrics string            // as scraped at the end
}

// liveOneDay runs the server through its day and ends it.
func liveOneDay(t *testing.T) *day {
	t.Helper()
	d := &day{t: t, admin: "the-admin-key-of-this-day", secrets: map[string]string{}}
	d.keep("admin key", d.admin)
	addr := freeAddr(t)
	_, port, err := net.SplitHostPort(freeAddr(t))
	check(t, err)
	d.i = &instance{t: t, url: "http://" + addr, errs: &d.log}
	d.i.args = []string{"serve", "--addr", addr, "--rtc-tcp-port", port, "--access", "link", "--admin-key", d.admin, "--data", t.TempDir(),
		"--disk-reserve", "0", "--log-level", "debug", "--log-format", "json", "--log-libraries", "--no-qr"}
	d.i.start()
	t.Cleanup(d.i.kill)
	d.film()
	d.refusals()
	d.end()
	return d
}

// keep remembers a secret.
func (d *day) keep(what, secret string) {
	if len(secret) < 8 {
		d.t.Fatalf("%s is %q", what, secret)
	}
	d.secrets[what] = secret
}

// call makes a request with a secret, and decodes the answer.
func (d *day) call(method, path, secret, body string, into any) int {
	d.t.Helper()
	q, err := http.NewRequestWithContext(d.t.Context(), method, d.i.url+path, strings.NewReader(body))
	check(d.t, err)
	if secret != "" {
		q.Header.Set("Authorization", "Bearer "+secret)
	}
	r, err := client.Do(q)
	check(d.t, err)
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	check(d.t, err)
	if into != nil {
		check(d.t, json.Unmarshal(b, into))
	}
	return r.StatusCode
}

// created is a session as its creator knows it.
type created struct {
	SessionID, Token, JoinKey string
	Keys                      session.Keys
}

func (d *day) create() (c created) {
	d.t.Helper()
	if status := d.call("POST", "/api/sessions", d.admin, `{"creatorId":"ann"}`, &c); status != http.StatusCreated {
		d.t.Fatalf("creating a session: %d", status)
	}
	d.keep("creator's token", c.Token)
	d.keep("device key", c.Keys.Device)
	d.keep("watch key", c.Keys.Watch)
	d.keep("direct key", c.Keys.Direct)
	return c
}

// film is a session from its creation on: a command, a take whose file is uploaded, a film
// that plays, a lead that is handed over.
func (d *day) film() {
	t := d.t
	s := d.create()
	leader := d.i.join(signaling.JoinRequest{SessionID: s.SessionID, UserID: "ann", Token: s.Token})
	d.keep("resume token", leader.ResumeToken)
	d.keep("user token", leader.UserToken)
	acts := make(chan device.Act, 16)
	camera := device.New(device.Config{URL: d.i.url, SessionID: s.SessionID, Key: s.Keys.Device, Act: func(a device.Act) { acts <- a }})
	ctx, leave := context.WithCancel(t.Context())
	var gone sync.WaitGroup
	gone.Go(func() { _ = camera.Run(ctx) })
	defer gone.Wait()
	defer leave()
	<-camera.Connected()
	d.keep("camera's resume token", camera.Seat().ResumeToken)

	call := func(event, data string) signaling.Message {
		t.Helper()
		m, err := leader.Call(t.Context(), event, json.RawMessage(data))
		check(t, err)
		return m
	}
	call("schedule", `{"name":"flash"}`)
	<-acts
	leader.await(t, "command_report")
	var late struct{ CommandID string }
	check(t, call("schedule", `{"name":"never","delay":3600000}`).Decode(&late))
	call("cancel", fmt.Sprintf(`{"commandId":%q}`, late.CommandID))

	call("start_recording", `{"postureLabel":"plank","duration":300}`)
	take := <-acts
	report(t, camera, "recording_started", take.RecordingID, take.At)
	stop := <-acts
	report(t, camera, "recording_stopped", take.RecordingID, stop.At)
	d.upload(take.RecordingID, camera.Seat().ResumeToken)
	leader.await(t, "session_completed")
	d.download(s)

	d.keep("film's signature", "signed-by-another-server")
	call("load_media", `{"mediaUrl":"https://films.example/a.mp4?signature=signed-by-another-server"}`)
	call("sync_playback", `{"position":0,"isPlaying":true}`)
	<-acts
	leader.await(t, "command_report")

	second := d.i.join(signaling.JoinRequest{SessionID: s.SessionID, UserID: "bob", Key: s.Keys.Direct})
	call("hand_over", `{"userId":"bob"}`)
	leader.drop()
	back := d.i.join(signaling.JoinRequest{SessionID: s.SessionID, ResumeToken: leader.ResumeToken})
	d.keep("second resume token", back.ResumeToken)
	_, err := second.Call(t.Context(), "end_session", nil)
	check(t, err)
}

// upload sends a recording by hand, to learn the address of its upload.
func (d *day) upload(recordingID, secret string) {
	d.t.Helper()
	content := bytes.Repeat([]byte("frame"), 1000)
	send := func(method, path string, body []byte, headers map[string]string) *http.Response {
		q, err := http.NewRequestWithContext(d.t.Context(), method, d.i.url+path, bytes.NewReader(body))
		check(d.t, err)
		q.Header.Set("Tus-Resumable", "1.0.0")
		q.Header.Set("Authorization", "Bearer "+secret)
		for k, v := range headers {
			q.Header.Set(k, v)
		}
		r, err := client.Do(q)
		check(d.t, err)
		_ = r.Body.Close()
		return r
	}
	length := strconv.Itoa(len(content))
	metadata := "recordingId " + base64.StdEncoding.EncodeToString([]byte(recordingID)) + ",filename " + base64.StdEncoding.EncodeToString([]byte("a.webm"))
	r := send("POST", "/api/uploads/", nil, map[string]string{"Upload-Length": length, "Upload-Metadata": metadata})
	at, err := url.Parse(r.Header.Get("Location"))
	check(d.t, err)
	d.keep("address of the upload", strings.TrimPrefix(at.Path, "/api/uploads/"))
	patch := map[string]string{"Upload-Offset": "77", "Content-Type": "application/offset+octet-stream"}
	if r := send("PATCH", at.Path, content, patch); r.StatusCode != http.StatusConflict {
		d.t.Errorf("at the wrong place: %d", r.StatusCode)
	}
	patch["Upload-Offset"] = "0"
	if r := send("PATCH", at.Path, content, patch); r.StatusCode != http.StatusNoContent {
		d.t.Fatalf("the upload: %d", r.StatusCode)
	}
}

// download follows a signed link, and a changed one.
func (d *day) download(s created) {
	d.t.Helper()
	var list struct{ Recordings []struct{ FileURL string } }
	d.call("GET", "/api/sessions/"+s.SessionID+"/recordings", s.Token, "", &list)
	link := list.Recordings[0].FileURL
	at, err := url.Parse(link)
	check(d.t, err)
	d.keep("link's signature", at.Query().Get("signature"))
	if status := d.call("GET", link, "", "", nil); status != http.StatusOK {
		d.t.Errorf("the signed link: %d", status)
	}
	if status := d.call("GET", link+"x", "", "", nil); status != http.StatusUnauthorized {
		d.t.Errorf("the changed link: %d", status)
	}
}

// refusals are what strangers try.
func (d *day) refusals() {
	t := d.t
	s := d.create()
	d.keep("wrong key", "a-key-that-somebody-guessed")
	for range 30 {
		d.call("GET", "/api/sessions/"+s.SessionID, d.secrets["wrong key"], "", nil)
	}
	d.call("GET", "/api/"+d.secrets["wrong key"]+"?key="+d.secrets["wrong key"], d.admin, "", nil)
	c := d.i.dial()
	if _, err := c.Join(t.Context(), signaling.JoinRequest{SessionID: s.SessionID, Key: d.secrets["wrong key"]}); err == nil {
		t.Error("joined with a wrong key")
	}
}

// end scrapes the metrics and ends the server well.
func (d *day) end() {
	status, b, err := d.i.do("GET", "/metrics", "")
	check(d.t, err)
	if status != http.StatusOK {
		d.t.Fatalf("/metrics: %d", status)
	}
	d.metrics = string(b)
	check(d.t, d.i.cmd.Process.Signal(syscall.SIGTERM))
	check(d.t, d.i.cmd.Wait())
}

// TestLogOfADay: every event that an operator asks about is there, with the keys that the
// document lists, and no secret at any level.
func TestLogOfADay(t *testing.T) {
	d := liveOneDay(t)
	whole := d.log.Text()
	for what, secret := range d.secrets {
		if strings.Contains(whole, secret) {
			at := strings.Index(whole, secret)
			t.Errorf("the %s is in the log: …%s…", what, whole[max(0, at-200):min(len(whole), at+100)])
		}
	}
	table := testutil.EventTable(t)
	seen := map[string]int{}
	for _, e := range d.log.Events() {
		name := e["msg"].(string)
		seen[name]++
		if e["level"] == "DEBUG" || e[shell.LibraryKey] != nil {
			continue
		}
		row := table[name]
		if row.Level == "" {
			t.Errorf("%s isn't in the table", name)
		}
		for key := range e {
			if key != "time" && key != "level" && key != "msg" && !strings.Contains(row.Keys, " "+key+" ") {
				t.Errorf("%s has the key %s, which the table lacks", name, key)
			}
		}
	}
	for _, name := range []string{
		"server_starting", "server_ready", "server_stopping", "server_stopped", "session_created", "session_removed", "session_completed",
		"device_joined", "device_left", "lead_changed", "command_scheduled", "command_cancelled", "command_reported", "take_started",
		"take_stopped", "playback_changed", "upload_started", "upload_finished", "refused", "lines_left_out",
	} {
		if seen[name] == 0 {
			t.Errorf("nothing is said of %s", name)
		}
	}
	if seen["refused"] > 40 || seen["take_started"] != 1 || seen["session_created"] != 2 {
		t.Errorf("said %v", seen)
	}
}

// TestInstancesAreNamed: where several share the sessions, each line says whose it is.
func TestInstancesAreNamed(t *testing.T) {
	nats := newNATS(t)
	addr := freeAddr(t)
	_, port, err := net.SplitHostPort(freeAddr(t))
	check(t, err)
	var log testutil.LogLines
	i := &instance{t: t, url: "http://" + addr, errs: &log, args: []string{"serve", "--addr", addr, "--rtc-tcp-port", port, "--nats", nats.url(), "--log-format", "json"}}
	i.start()
	defer i.kill()
	i.join(signaling.JoinRequest{SessionID: "studio"})
	nats.kill()
	eventually(t, "the loss of NATS to be logged", func() bool { return strings.Contains(log.Text(), `"store_lost"`) })
	id := any(nil)
	for _, e := range log.Events() {
		if e["instance"] == nil || id != nil && e["instance"] != id {
			t.Errorf("whose is %v", e)
		}
		id = e["instance"]
	}
}
