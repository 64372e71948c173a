package api

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/store"
)

// crowd writes n users into the store of a session that has one, each with an avatar of 1 KiB that
// takes twice as much in JSON.
func crowd(t testing.TB, store *store.Memory, sessionID string, n int) {
	t.Helper()
	entries, err := store.List(t.Context(), "s."+sessionID+".user.*")
	must(t, err)
	var u map[string]any
	must(t, json.Unmarshal(entries[0].Value, &u))
	device := u["devices"].([]any)[0].(map[string]any)
	u["avatar"] = strings.Repeat(`"`, 1024)
	for i := range n {
		u["id"], device["id"], device["connected"] = fmt.Sprintf("user%05d", i), fmt.Sprintf("device%05d", i), false
		b, err := json.Marshal(u)
		must(t, err)
		_, err = store.Put(t.Context(), fmt.Sprintf("s.%s.user.user%05d", sessionID, i), b, 0)
		must(t, err)
	}
}

// crowded returns a world with a session of so many users and two more, one of whom is there.
func crowded(t testing.TB, n int) (*world, *socket) {
	t.Helper()
	store := store.NewMemory()
	first, err := session.New(session.Config{Store: store, Now: clock.NewSource(time.Now).Now})
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- first.Run(ctx) }()
	m, _, err := first.Join(ctx, session.JoinRequest{SessionID: "studio"}, func(session.Event) {})
	must(t, err)
	must(t, m.Disconnect(ctx))
	stop()
	must(t, <-ended)
	crowd(t, store, "studio", n)
	w := onSockets(t, session.Config{Store: store, MaxDevices: 20_000})
	return w, w.Join(t, `{"sessionId":"studio"}`)
}

// TestLargeSession: a session of several megabytes comes whole, over HTTP, compressed or not, and over
// the WebSocket, between other messages.
func TestLargeSession(t *testing.T) {
	w, c := crowded(t, 1000)
	want := w.State(t, "studio")
	var got struct{ Session json.RawMessage }
	must(t, json.Unmarshal(w.get(t, "/api/sessions/studio", ""), &got)) // net/http decompresses
	if string(got.Session) != want {
		t.Error("it isn't what the session is")
	}
	for accept, coding := range map[string]string{"gzip": "gzip", "br, gzip;q=0.5": "gzip", "gzip;q=0": "", "identity": ""} {
		r, err := http.NewRequest(http.MethodGet, w.URL+"/api/sessions/studio", nil)
		must(t, err)
		r.Header.Set("Accept-Encoding", accept)
		res, err := http.DefaultTransport.RoundTrip(r)
		must(t, err)
		body := io.Reader(res.Body)
		if res.Header.Get("Content-Encoding") == "gzip" {
			body, err = gzip.NewReader(res.Body)
			must(t, err)
		}
		b, err := io.ReadAll(body)
		must(t, err)
		must(t, res.Body.Close())
		if !bytes.Contains(b, []byte(want)) || res.Header.Get("Content-Encoding") != coding || res.Header.Get("Vary") == "" {
			t.Errorf("%s: %d bytes, %v", accept, len(b), res.Header)
		}
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	for i := range 3 {
		c.Send(message("heartbeat", `{}`, 2*i+2))
		c.Send(message("request_session_state", `{}`, 2*i+3))
		c.Next("heartbeat_ack")
		if m := c.Next("session_state"); untouched(m.Data) != untouched([]byte(want)) || m.ReplyTo != int64(2*i+3) {
			t.Error("session_state isn't what the session is")
		}
	}
}

// untouched is a session without when somebody was heard last, which a heartbeat changes every 10 s.
func untouched(b []byte) string { return string(heardAt.ReplaceAll(b, nil)) }

var heardAt = regexp.MustCompile(`"(lastSeen|lastActivity)":\d+`)

// unread has 60 readers of a session ask for it and take nothing, and 6 members that ask 200 times each.
func unread(t testing.TB, w *world) {
	addr := strings.TrimPrefix(w.URL, "http://")
	for range 60 {
		c, err := net.Dial("tcp", addr)
		must(t, err)
		t.Cleanup(func() { _ = c.Close() })
		must(t, c.(*net.TCPConn).SetReadBuffer(4096))
		_, err = c.Write([]byte("GET /api/sessions/studio HTTP/1.1\r\nHost: localhost\r\n\r\n"))
		must(t, err)
		_, err = bufio.NewReaderSize(c, 16).Peek(1) // it is being sent
		must(t, err)
	}
	for i := range 6 {
		c := w.ConnectSilent(t)
		must(t, c.WS.NetConn().(*net.TCPConn).SetReadBuffer(4096))
		c.Send(message("join_session", fmt.Sprintf(`{"sessionId":"studio","username":"reader %d"}`, i), 1))
		for range 200 {
			c.Send(message("request_session_state", `{}`, 2))
		}
	}
}

// TestUnreadAnswers: 66 readers who don't take what they ask for cost far less together than a copy for each.
func TestUnreadAnswers(t *testing.T) {
	w, _ := crowded(t, 3000)
	size := int64(len(w.State(t, "studio")))
	before := live()
	unread(t, w)
	if grown := live() - before; grown > 10*size {
		t.Errorf("a session of %d kB, and %d kB more are in use", size/1e3, grown/1e3)
	}
}

// BenchmarkUnreadAnswers: the memory in use while the session of 36 MB has so many readers who take nothing, and
// what the process has got of the system, the test's half of the connections included.
func BenchmarkUnreadAnswers(b *testing.B) {
	for b.Loop() {
		w, _ := crowded(b, 15_400)
		before := live()
		unread(b, w)
		var m runtime.MemStats
		b.ReportMetric(float64(before)/1e6, "MB-before")
		b.ReportMetric(float64(live())/1e6, "MB-in-use")
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.Sys-m.HeapReleased)/1e6, "MB-of-the-system")
	}
}

// live returns how many bytes are in use.
func live() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestHeavyAnswers: an address that doesn't take its large answers gets no more of them; others do.
func TestHeavyAnswers(t *testing.T) {
	w := onSockets(t, session.Config{})
	h := &w.server.heavy
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	if !h.take(a, 2*answerBytes) || h.take(a, heavyFrom) || !h.take(b, answerBytes) {
		t.Error("taken otherwise")
	}
	h.give(a, 2*answerBytes)
	for range 2 {
		if !h.take(a, heavyFrom) {
			t.Error("what was given back isn't there")
		}
	}
	h.give(a, 2*heavyFrom)
	h.give(b, answerBytes)
	if len(h.of) != 0 {
		t.Errorf("%v are left", h.of)
	}
}

// TestNothingIsEscapedForHTML: what people write takes as many bytes on the wire as it has.
func TestNothingIsEscapedForHTML(t *testing.T) {
	w := onSockets(t, session.Config{})
	c := w.Join(t, `{"sessionId":"studio","username":"<&>"}`)
	payload := `"` + strings.Repeat("<", 16000) + `"`
	c.Send(message("schedule", `{"name":"x","payload":`+payload+`}`, 1))
	if m := c.Next("command"); !strings.Contains(string(m.Data), payload) {
		t.Errorf("%.200s", m.Data)
	}
	var control []string
	testutil.Eventually(t, "the control channel's copy", func() bool {
		_, control, _ = w.peer(c.Seat.DeviceID).Heard()
		return len(control) == 1
	})
	if !strings.Contains(control[0], payload) {
		t.Error("the control channel's copy is another one")
	}
	if b := w.get(t, "/api/sessions/studio", ""); !bytes.Contains(b, []byte(`"username":"<&>"`)) {
		t.Errorf("%s", b)
	}
}
