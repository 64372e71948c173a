package signaling

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// stillOf is a message with an image of so many bytes.
func stillOf(size, id int) string {
	image := base64.StdEncoding.EncodeToString([]byte("\xff\xd8\xff" + strings.Repeat("x", size-3)))
	data := `{"image":"` + image + `","width":160,"height":90,"peakDb":-3.5}`
	if id == 0 {
		return `{"event":"monitor","data":` + data + `}`
	}
	return message("monitor", data, id)
}

// TestMonitorOverTheWire: a device is asked, answers over the channel or the WebSocket, and
// the one who watches gets it.
func TestMonitorOverTheWire(t *testing.T) {
	w := onSockets(t, session.Config{})
	leader := w.Join(t, `{"sessionId":"studio"}`)
	camera := w.Join(t, `{"sessionId":"studio","deviceType":"mobile"}`)
	leader.Send(message("watch_monitor", `{"on":true}`, 2))
	leader.Next("ok")
	if m := camera.Next("monitor_wanted"); string(m.Data) != `{"on":true}` {
		t.Errorf("asked by %s", m.Data)
	}
	w.peer(camera.Seat.DeviceID).line.OnControl([]byte(stillOf(12<<10, 0)))
	if m := leader.Next("monitor"); !strings.Contains(string(m.Data), `"deviceId":"`+camera.Seat.DeviceID+`","image":"/9j/`) ||
		!strings.Contains(string(m.Data), `"width":160,"height":90,"peakDb":-3.5,"timestamp":`) {
		t.Errorf("got %s", m.Data)
	}
	camera.Send(stillOf(100, 3))
	camera.Next("ok")
	leader.Next("monitor")
	if _, control, _ := w.peer(leader.Seat.DeviceID).Heard(); len(control) != 0 {
		t.Errorf("the channel carried %v", control)
	}
	camera.Send(message("watch_monitor", `{"on":true}`, 4))
	camera.WantError(wire.CodeNotLeader, "watch_monitor")
	leader.Send(message("watch_monitor", `{}`, 5))
	leader.WantError("bad_field", "watch_monitor")
	leader.Send(message("camera_settings", `{"settings":{"width":1280}}`, 6))
	if m := camera.Next("camera_settings"); string(m.Data) != `{"deviceId":null,"settings":{"width":1280}}` {
		t.Errorf("told %s", m.Data)
	}
	leader.Send(message("camera_settings", `{"settings":{"width":"wide"}}`, 7))
	leader.WantError("bad_field", "camera_settings")
	if is := w.State(t, "studio"); !strings.Contains(is, `"camera":{"width":1280}`) {
		t.Errorf("the session is %s", is)
	}
}

// far is a connection over a network that takes everything at once and delivers so many
// bytes a second.
type far struct {
	net.Conn
	rate int

	mu   sync.Mutex
	held []byte
	err  error
	some chan struct{}
}

func newFar(conn net.Conn, rate int) *far {
	f := &far{Conn: conn, rate: rate, some: make(chan struct{}, 1)}
	go func() {
		b := make([]byte, 64<<10)
		for {
			n, err := conn.Read(b)
			f.mu.Lock()
			f.held, f.err = append(f.held, b[:n]...), err
			f.mu.Unlock()
			select {
			case f.some <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	return f
}

func (f *far) Read(p []byte) (int, error) {
	for {
		f.mu.Lock()
		n := copy(p[:min(len(p), 1024)], f.held)
		f.held = f.held[n:]
		err := f.err
		f.mu.Unlock()
		if n > 0 {
			time.Sleep(time.Duration(n) * time.Second / time.Duration(f.rate))
			return n, nil
		}
		if err != nil {
			return 0, err
		}
		<-f.some
	}
}

// TestMonitorKeepsNobodyWaiting: on a way that is too slow for what is to be seen, a command
// is as good as in time, the connection stays, and what is seen is of now.
func TestMonitorKeepsNobodyWaiting(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		near := w.Dial
		const rate = 100 << 10 // of 480 KiB a second that come
		w.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := near(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return newFar(c, rate), nil
		}
		leader := w.Join(t, `{"sessionId":"studio"}`)
		w.Dial = near
		var cameras []*socket
		for range 15 {
			c := w.Join(t, `{"sessionId":"studio","deviceType":"mobile"}`)
			cameras = append(cameras, c)
		}
		leader.Send(message("watch_monitor", `{"on":true}`, 2))
		seen, oldest := map[string]int{}, time.Duration(0)
		for i := range 60 {
			time.Sleep(500 * time.Millisecond)
			for _, c := range cameras {
				c.Send(stillOf(12<<10, 0))
			}
			if i%10 != 9 {
				continue
			}
			sent := time.Now()
			leader.Send(message("schedule", fmt.Sprintf(`{"name":"flash%d"}`, i), 3))
			for m := leader.Any(); m.Event != "command"; m = leader.Any() {
				if m.Event == "monitor" {
					var still session.Monitored
					must(t, m.Decode(&still))
					seen[still.DeviceID]++
				}
			}
			oldest = max(oldest, time.Since(sent))
		}
		if oldest > time.Second { // the window, and a session with sixteen devices' sync_status
			t.Errorf("a command took %v", oldest)
		}
		if len(seen) < len(cameras) {
			t.Errorf("of %d devices %d were seen", len(cameras), len(seen))
		}
		t.Logf("a command took %v at most; seen %v", oldest, seen)
		wantSoon(leader)
	})
}

// wantSoon expects an answer to a heartbeat.
func wantSoon(c *socket) {
	c.T.Helper()
	c.Send(message("heartbeat", "null", 999))
	c.Next("heartbeat_ack")
}

// TestSpareIsBounded: what isn't answered isn't followed by more than the window, answers that
// can't be change nothing, and of each source the latest waits for its turn.
func TestSpareIsBounded(t *testing.T) {
	s := newSpare()
	next := func() (n int) {
		b, _ := s.next()
		return len(b)
	}
	s.offer("a", make([]byte, spareWindow+1))
	s.offer("b", make([]byte, 7))
	s.offer("c", make([]byte, 8))
	s.offer("b", make([]byte, 9))
	if n := next(); n != spareWindow+1 {
		t.Errorf("one that is larger than the window: %d bytes", n)
	}
	for _, data := range []string{"", "x", "-1", "99999999", "0"} {
		s.answered(data)
	}
	if n := next(); n != 0 {
		t.Errorf("without an answer: %d bytes", n)
	}
	s.answered(fmt.Sprint(spareWindow + 1))
	if a, b, c := next(), next(), next(); a != 9 || b != 8 || c != 0 {
		t.Errorf("after it: %d, %d and %d bytes", a, b, c)
	}
	for i := range 2 * spareLen {
		s.offer(fmt.Sprint(i), []byte{1})
	}
	if len(s.sources) != spareLen || len(s.latest) != spareLen {
		t.Errorf("%d wait", len(s.sources))
	}
}
