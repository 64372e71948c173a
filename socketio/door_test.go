package socketio

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/loop"
	"github.com/downbeat-sync/downbeat/internal/testnet"
	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// world is a door to real sessions, in a bubble.
type world struct {
	t      *testing.T
	pipes  *testnet.Pipes
	svc    *session.Service
	door   *Server
	source *clock.Source
	now    func() clock.SessionTime
}

func inBubble(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		source := clock.NewSource(time.Now)
		w := &world{t: t, pipes: testnet.NewPipes(), source: source, now: source.Now}
		clocks := &later{}
		var err error
		w.svc, err = session.New(session.Config{Now: w.now, Clocks: clocks})
		testutil.Check(t, err)
		signal := signaling.New(signaling.Config{Sessions: w.svc, Now: w.now})
		w.door = New(Config{Sessions: w.svc, Signaling: signal, Now: w.now, Measure: w.measure})
		clocks.of = w.door.Quality
		ctx, stop := context.WithCancel(w.t.Context())
		h := &http.Server{Handler: w.door}
		var running sync.WaitGroup
		running.Go(func() { _ = w.svc.Run(ctx) })
		running.Go(func() { _ = h.Serve(w.pipes) })
		test(w)
		w.door.Close()
		signal.Close()
		_ = h.Close()
		stop()
		running.Wait()
	})
}

func (w *world) measure(send func([]byte) error) *loop.Server {
	return loop.NewServer(loop.Config{Source: w.source, Send: send, Seed: 1})
}

// later are the clocks of a door that is made after the sessions.
type later struct {
	of func(string) (session.Quality, bool)
}

func (l *later) Quality(id string) (session.Quality, bool) { return l.of(id) }
func (*later) Burst(string, clock.SessionTime)             {}

// client is a bare client in the main namespace, whose answers to pings take rtt.
type client struct {
	t    *testing.T
	ws   *websocket.Conn
	in   chan heard
	pid  string
	last string // offset

	device *loop.Device // answers clock frames
	frames atomic.Int64 // that came

	writing sync.Mutex
}

type heard struct {
	name string
	data map[string]any
	at   time.Time
}

func (w *world) connect(auth string, rtt time.Duration) *client {
	w.t.Helper()
	d := websocket.Dialer{NetDialContext: w.pipes.Dial}
	ws, _, err := d.Dial("ws://127.0.0.1/socket.io/?EIO=4&transport=websocket", nil)
	testutil.Check(w.t, err)
	c := &client{t: w.t, ws: ws, in: make(chan heard, 1000)}
	began := time.Now().Add(-time.Hour)
	c.device = loop.NewDevice(loop.DeviceConfig{
		Now: func() clock.DeviceTime { return clock.DeviceTime(time.Since(began)) }, Send: func(b []byte) error { return c.frame(b) },
	})
	opened := make(chan struct{})
	go c.read(opened, rtt)
	c.send("40" + auth)
	<-opened
	w.t.Cleanup(func() { _ = ws.Close() })
	return c
}

func (c *client) read(opened chan struct{}, rtt time.Duration) {
	defer close(c.in)
	for {
		kind, b, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		if kind == websocket.BinaryMessage {
			c.frames.Add(1)
			testutil.Check(c.t, c.device.Receive(b))
			continue
		}
		switch text := string(b); {
		case text == "2":
			time.Sleep(rtt)
			_ = c.write("3")
		case strings.HasPrefix(text, "40"):
			var said struct{ PID string }
			_ = json.Unmarshal(b[2:], &said)
			c.pid = said.PID
			close(opened)
		case strings.HasPrefix(text, "42"):
			var args []json.RawMessage
			if err := json.Unmarshal(b[2:], &args); err != nil {
				c.t.Errorf("%s: %v", text, err)
			}
			h := heard{at: time.Now()}
			_ = json.Unmarshal(args[0], &h.name)
			_ = json.Unmarshal(args[1], &h.data)
			if len(args) > 2 {
				_ = json.Unmarshal(args[2], &c.last)
			}
			c.in <- h
		case strings.HasPrefix(text, "43"):
			c.in <- heard{name: text}
		}
	}
}

func (c *client) send(text string) {
	c.t.Helper()
	testutil.Check(c.t, c.write(text))
}

func (c *client) write(text string) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.ws.WriteMessage(websocket.TextMessage, []byte(text))
}

// frame sends a clock frame.
func (c *client) frame(b []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte(`451-["clock_frame",{"_placeholder":true,"num":0}]`)); err != nil {
		return err
	}
	return c.ws.WriteMessage(websocket.BinaryMessage, b)
}

func (c *client) emit(name, data string) { c.t.Helper(); c.send(fmt.Sprintf(`42[%q,%s]`, name, data)) }

// await returns the next event of a name.
func (c *client) await(name string) heard {
	c.t.Helper()
	timeout := time.After(time.Minute)
	for {
		select {
		case h, ok := <-c.in:
			if !ok {
				c.t.Fatalf("the connection ended before %s", name)
			}
			if h.name == name || strings.HasPrefix(h.name, name) && name[0] == '4' {
				return h
			}
		case <-timeout:
			c.t.Fatalf("no %s came within a minute", name)
		}
	}
}

// quiet fails if an event of a name has come.
func (c *client) quiet(name string) {
	c.t.Helper()
	synctest.Wait()
	for {
		select {
		case h, ok := <-c.in:
			if ok && h.name == name {
				c.t.Errorf("%s came: %v", name, h.data)
			}
			if ok {
				continue
			}
		default:
		}
		return
	}
}

// TestJoining: no timeout to join in, a refused join leaves all as it was, a second one changes the session.
func TestJoining(t *testing.T) {
	inBubble(t, func(w *world) {
		c := w.connect("", 0)
		c.emit("heartbeat", "null")
		c.await("heartbeat_ack")
		time.Sleep(time.Hour)
		c.emit("join_session", `{"sessionId":"not a name"}`)
		if e := c.await("error"); e.data["code"] != "bad_session_id" {
			t.Error(e.data)
		}
		c.emit("join_session", `{"sessionId":"one","deviceType":"mobile"}`)
		c.await("session_joined")
		joined := c.await("joined_session")
		if own := c.await("device_joined"); own.data["deviceId"] != joined.data["deviceId"] {
			t.Error("its own joining is", own.data)
		}
		c.emit("join_session", `{"sessionId":"two"}`)
		c.await("session_joined")
		if s, err := w.svc.Snapshot(w.t.Context(), "one"); err != nil || len(s.Users) != 0 {
			t.Error("it is still in the first session:", s.Users, err)
		}
		c.send(`427["leave_session"]`)
		c.await(`437[{"success":true`)
		c.send(`428["request_session_state"]`)
		c.await(`438[{"success":false,"error":{"message":"join`)
		c.emit("join_session", `{"sessionId":"two"}`)
		c.await("session_joined")
		for range 30 { // a million rooms
			c.emit("join_session", `{"sessionId":"many"}`)
		}
		if e := c.await("error"); e.data["code"] != "too_many_messages" {
			t.Error(e.data)
		}
	})
}

// TestTake: members without users start and stop takes, which arrive at their instants less nothing that is
// known; a stop of nothing is silence; the duration is told, and no stop follows from it.
func TestTake(t *testing.T) {
	inBubble(t, func(w *world) {
		near, far := w.connect("", 0), w.connect("", 200*time.Millisecond)
		for _, c := range []*client{near, far} {
			c.emit("join_session", `{"sessionId":"take","deviceType":"mobile"}`)
			c.await("joined_session")
		}
		time.Sleep(3 * time.Second) // the round trips are measured
		far.emit("stop_recording", `{"sessionId":"take"}`)
		far.quiet("error")
		far.send(`421["start_recording",{"sessionId":"take","postureLabel":"side","duration":1000}]`)
		ack := far.await("431")
		var said []struct {
			Data struct {
				CommandID string
				Timestamp clock.SessionTime
			}
		}
		testutil.Check(t, json.Unmarshal([]byte(ack.name[3:]), &said))
		instant := time.Now().Add(said[0].Data.Timestamp.Sub(w.now()))
		for c, early := range map[*client]time.Duration{near: 0, far: 100 * time.Millisecond} {
			start := c.await("start_recording")
			if off := start.at.Sub(instant.Add(-early)).Abs(); off > time.Microsecond {
				t.Errorf("it came %v off, half a round trip of %v before the instant", off, early)
			}
			if start.data["duration"] != 1000.0 || start.data["recordingId"] == nil {
				t.Error(start.data)
			}
			if ahead := start.data["timestamp"].(float64) - float64(instant.UnixMicro())/1000; ahead > -1900 {
				t.Errorf("the timestamp is %v ms ahead of the instant", ahead)
			}
		}
		time.Sleep(5 * time.Second)
		near.quiet("stop_recording")
		near.emit("stop_recording", "{}")
		near.await("stop_recording")
		far.await("stop_recording")
		time.Sleep(time.Second)
		report, err := w.svc.Report(w.t.Context(), "take", said[0].Data.CommandID)
		testutil.Check(t, err)
		for _, d := range report.Devices {
			if !d.NoClock || !d.Armed || d.At == nil || d.BoundMs == nil || *d.ErrorMs > *d.BoundMs+1e-3 {
				t.Errorf("the report has %+v", d)
			}
		}
		if len(report.Devices) != 2 || report.SpreadMs != nil {
			t.Errorf("the report is %+v", report)
		}
	})
}

// TestStarterVanishes: a take whose starter was to stop it, and is gone for good, is over all the same.
func TestStarterVanishes(t *testing.T) {
	inBubble(t, func(w *world) {
		starter, other := w.connect("", 0), w.connect("", 0)
		for _, c := range []*client{starter, other} {
			c.emit("join_session", `{"sessionId":"take","deviceType":"mobile"}`)
			c.await("joined_session")
		}
		starter.emit("start_recording", `{"duration":5000}`)
		started := other.await("start_recording").at
		_ = starter.ws.Close()
		if took := other.await("stop_recording").at.Sub(started); took < 15*time.Second || took > 16*time.Second {
			t.Errorf("it is stopped %v after its start", took)
		}
		other.emit("start_recording", `{"duration":5000}`) // the next one can begin
		other.await("start_recording")
	})
}

// TestMalformed: a packet that none can be ends the connection, and nobody else's.
func TestMalformed(t *testing.T) {
	inBubble(t, func(w *world) {
		other := w.connect("", 0)
		for _, packet := range []string{
			"42", "42{}", `42[]`, `42[1]`, `42["connect"]`, `45["x"]`, `4517-["x"]`, `451-["x",{"_placeholder":true,"num":0}]#42["y"]`, `44{"message":"no"}`,
			`42/else,["x"]`, "4" + strings.Repeat("9", 40), "4\xff", `420["x"`, `4299999999999999999999["x"]`, "9", "",
		} {
			c := w.connect("", 0)
			for part := range strings.SplitSeq(packet, "#") {
				_ = c.write(part)
			}
			for range c.in { // until it is closed
			}
		}
		other.emit("heartbeat", "null")
		other.await("heartbeat_ack")
	})
}

// TestComeBack: after a cut the client is where it was, with what it missed; after long, with its seat.
func TestComeBack(t *testing.T) {
	inBubble(t, func(w *world) {
		other := w.connect("", 0)
		other.emit("join_session", `{"sessionId":"back","userId":"other"}`)
		other.await("session_joined")
		c := w.connect("", 0)
		c.emit("join_session", `{"sessionId":"back","userId":"me"}`)
		device := c.await("session_joined").data["deviceId"]
		other.emit("load_media", `{"mediaUrl":"a.mp4"}`)
		c.await("media_loaded")
		_ = c.ws.Close()
		other.await("device_disconnected")
		other.emit("load_media", `{"mediaUrl":"b.mp4"}`)
		other.await("media_loaded")
		back := w.connect(fmt.Sprintf(`{"pid":%q,"offset":%q}`, c.pid, c.last), 0)
		if back.pid != c.pid {
			t.Error("it isn't told that it is back")
		}
		if m := back.await("media_loaded"); m.data["mediaUrl"] != "b.mp4" {
			t.Error("it missed", m.data)
		}
		if p := back.await("playback_sync"); p.data["mediaUrl"] != "b.mp4" {
			t.Error(p.data)
		}
		_ = back.ws.Close()
		other.await("device_disconnected")
		time.Sleep(3 * time.Minute)
		late := w.connect(fmt.Sprintf(`{"pid":%q,"offset":%q}`, back.pid, back.last), 0)
		if late.pid == c.pid {
			t.Error("after long it is told that it missed nothing")
		}
		if d := other.await("device_joined"); d.data["deviceId"] != device {
			t.Error("its seat is", d.data)
		}
	})
}

// TestByName: who came without tokens is known by its userId; who has tokens isn't taken for another.
func TestByName(t *testing.T) {
	inBubble(t, func(w *world) {
		m, _, err := w.svc.Join(w.t.Context(), session.JoinRequest{SessionID: "names", UserID: "careful"}, func(session.Event) {})
		testutil.Check(t, err)
		join := func(user string) (*client, any) {
			c := w.connect("", 0)
			c.emit("join_session", fmt.Sprintf(`{"sessionId":"names","userId":%q}`, user))
			return c, c.await("session_joined").data["deviceId"]
		}
		c := w.connect("", 0)
		c.emit("join_session", `{"sessionId":"names","userId":"careful"}`)
		if e := c.await("error"); e.data["code"] != "user_id_taken" {
			t.Error(e.data)
		}
		tab, first := join("carefree")
		_, second := join("carefree")
		if first == second {
			t.Error("two tabs are one device")
		}
		c.emit("join_session", `{"sessionId":"names","userId":"watching"}`)
		c.await("session_joined")
		_ = tab.ws.Close()
		c.await("device_disconnected")
		if _, again := join("carefree"); again != first {
			t.Error("a reload is another device")
		}
		testutil.Check(t, m.Disconnect(w.t.Context()))
	})
}

// TestClock: a client in a session that asks for clock frames knows session time; what is none is refused, and what
// is too much; who leaves gets no more.
func TestClock(t *testing.T) {
	inBubble(t, func(w *world) {
		c := w.connect("", 0)
		c.send(`42["clock_frame"]`)
		if e := c.await("error"); e.data["code"] != "not_joined" {
			t.Error(e.data)
		}
		c.emit("join_session", `{"sessionId":"clock"}`)
		c.await("session_joined")
		time.Sleep(time.Minute)
		if n := c.frames.Load(); n != 0 {
			t.Errorf("%d frames came unasked", n)
		}
		c.send(`421["clock_frame"]`)
		c.await(`431[{"success":true}`)
		time.Sleep(10 * time.Second)
		now, known := c.device.Clock().Now()
		if off, hard := now.Sub(w.now()).Abs(), c.device.Clock().Hard(); !known || off > hard || hard > 5*time.Millisecond {
			t.Errorf("after %d frames it is %v off, hard bound %v", c.frames.Load(), off, hard)
		}
		w.source.Steer(time.Now().Add(time.Second), clock.Steering{Rate: 20e-6, By: 3 * time.Millisecond, Pace: 50e-6})
		w.door.Steered()
		for range 200 {
			time.Sleep(101 * time.Millisecond)
			now, _ := c.device.Clock().Now()
			if off, hard := now.Sub(w.now()).Abs(), c.device.Clock().Hard(); off > hard {
				t.Errorf("%v off, hard bound %v, while session time is steered", off, hard)
			}
		}
		for _, bad := range []string{`42["clock_frame",1]`, `42["clock_frame","",2]`} {
			c.send(bad)
			if e := c.await("error"); e.data["code"] != "bad_frame" {
				t.Errorf("%s: %v", bad, e.data)
			}
		}
		testutil.Check(t, c.frame([]byte("no frame")))
		if e := c.await("error"); e.data["code"] != "bad_frame" {
			t.Error(e.data)
		}
		c.send(`422["leave_session"]`)
		c.await(`432[{"success":true`)
		time.Sleep(time.Second)
		before := c.frames.Load()
		time.Sleep(time.Minute)
		if more := c.frames.Load() - before; more != 0 {
			t.Errorf("%d frames came after it left", more)
		}
		c.emit("join_session", `{"sessionId":"clock"}`)
		c.await("session_joined")
		for range frameBurst + 1 {
			if c.frame(make([]byte, 60)) != nil {
				break
			}
		}
		for h := range c.in { // faults are bounded, so it ends
			if h.name == "error" && h.data["code"] != "bad_frame" && h.data["code"] != "too_many_messages" {
				t.Error(h.data)
			}
		}
	})
}

// TestFlood: what is too much is refused, and one that goes on is closed.
func TestFlood(t *testing.T) {
	inBubble(t, func(w *world) {
		c := w.connect("", 0)
		for range signaling.NewMessageLimit().Burst() + signaling.NewFaultLimit().Burst() + 10 {
			if c.write(`42["heartbeat"]`) != nil {
				break
			}
			synctest.Wait()
		}
		for h := range c.in {
			if h.name == "error" && h.data["code"] != "too_many_messages" {
				t.Error(h.data)
			}
		}
	})
}
