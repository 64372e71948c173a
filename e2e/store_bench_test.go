package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"

	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/signaling"
)

// Figures of a server process with a data directory; members have a WebSocket alone.

// raw is a member that reads what it is sent, and looks at nothing but the
// name of an event.
type raw struct {
	ws    *websocket.Conn
	heard chan time.Time // when an event that was waited for came
	ended chan error
}

// joinRaw joins a session; heard tells when events of that name come.
func joinRaw(url, session, event string) (*raw, error) {
	dialer := websocket.Dialer{NetDialContext: dialFromAnywhere}
	ws, _, err := dialer.Dial("ws"+strings.TrimPrefix(url, "http")+"/ws", nil)
	if err != nil {
		return nil, err
	}
	if err := ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"event":"join_session","data":{"sessionId":%q}}`, session)); err != nil {
		return nil, err
	}
	kind, answer, err := ws.ReadMessage()
	for kind == websocket.BinaryMessage {
		kind, answer, err = ws.ReadMessage()
	}
	if err == nil && !strings.HasPrefix(string(answer), `{"event":"session_joined"`) {
		err = fmt.Errorf("joining was answered by %.200s", answer)
	}
	if err != nil {
		return nil, err
	}
	m := &raw{ws, make(chan time.Time, 16), make(chan error, 1)}
	go func() { m.ended <- m.read(`{"event":"` + event + `"`) }()
	return m, nil
}

func (m *raw) read(prefix string) error {
	for {
		kind, b, err := m.ws.ReadMessage()
		if err != nil {
			return err
		}
		if kind == websocket.TextMessage && strings.HasPrefix(string(b[:min(len(b), len(prefix))]), prefix) {
			m.heard <- time.Now()
		}
	}
}

func (m *raw) close() {
	_ = m.ws.Close()
	<-m.ended
}

// joinMany joins that many members, some at once.
func joinMany(b *testing.B, server *instance, n int, event string) []*raw {
	b.Helper()
	members := make([]*raw, n)
	var group errgroup.Group
	group.SetLimit(50)
	for i := range members {
		group.Go(func() (err error) {
			members[i], err = joinRaw(server.url, "big", event)
			return err
		})
	}
	check(b, group.Wait())
	return members
}

func closeAll(members []*raw) {
	var group sync.WaitGroup
	for _, m := range members {
		group.Go(m.close)
	}
	group.Wait()
}

// BenchmarkAcknowledged: from the sending of sync_playback to the moment at which the
// last of 100 members has playback_sync, which is stored by then.
func BenchmarkAcknowledged(b *testing.B) {
	for b.Loop() {
		server := newInstance(b, "--data", b.TempDir())
		leader := server.join(signaling.JoinRequest{SessionID: "big"})
		go func() { // what the leader hears is of no interest
			for {
				select {
				case <-leader.events:
				case <-b.Context().Done():
					return
				}
			}
		}()
		members := joinMany(b, server, 100, "playback_sync")
		var took []float64
		for i := range 300 {
			began := time.Now()
			_, err := leader.Call(b.Context(), "sync_playback", map[string]any{"isPlaying": true, "position": i})
			check(b, err)
			var last time.Time
			for _, m := range members {
				select {
				case at := <-m.heard:
					if at.After(last) {
						last = at
					}
				case err := <-m.ended:
					b.Fatal(err)
				}
			}
			took = append(took, ms(last.Sub(began)))
			pause(b.Context(), 20*time.Millisecond)
		}
		server.kill()
		closeAll(members)
		b.ReportMetric(lab.Quantile(took, .5), "ms-p50")
		b.ReportMetric(lab.Quantile(took, .99), "ms-p99")
	}
}

// BenchmarkThousand: a thousand members join one session, 50 at a time.
func BenchmarkThousand(b *testing.B) {
	for b.Loop() {
		server := newInstance(b, "--data", b.TempDir())
		began := time.Now()
		members := joinMany(b, server, 1000, "-")
		b.ReportMetric(time.Since(began).Seconds(), "s-1000-joined")
		b.ReportMetric(server.cpu(), "s-of-processor")
		var snap struct {
			Session struct {
				Devices []struct{ IsConnected bool }
			}
		}
		server.get("/api/sessions/big", &snap)
		connected := 0
		for _, d := range snap.Session.Devices {
			if d.IsConnected {
				connected++
			}
		}
		b.ReportMetric(float64(connected), "connected")
		b.ReportMetric(server.rss(), "MB")
		server.kill()
		closeAll(members)
	}
}

// BenchmarkIdleSessions: what 10,000 sessions without members cost, and how soon
// the server is ready again with them and with 1,000.
func BenchmarkIdleSessions(b *testing.B) {
	for b.Loop() {
		server := newInstance(b, "--data", b.TempDir())
		create(b, server, 1000)
		server.kill()
		b.ReportMetric(ms(server.start()), "ms-ready-1000")
		create(b, server, 9000)
		b.ReportMetric(server.rss(), "MB-10000")
		server.kill()
		b.ReportMetric(ms(server.start()), "ms-ready-10000")
		b.ReportMetric(server.rss(), "MB-10000-restarted")
		server.kill()
	}
}

func create(b *testing.B, server *instance, n int) {
	b.Helper()
	var group errgroup.Group
	group.SetLimit(16)
	for range n {
		group.Go(func() error {
			status, body, err := server.do("POST", "/api/sessions", "{}")
			if err == nil && (status != http.StatusCreated || !json.Valid(body)) {
				err = fmt.Errorf("%d %s", status, body)
			}
			return err
		})
	}
	check(b, group.Wait())
}

// rss returns the memory that the process has, in MB.
func (i *instance) rss() float64 {
	i.t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", i.cmd.Process.Pid))
	check(i.t, err)
	_, after, _ := strings.Cut(string(b), "VmRSS:")
	kb, err := strconv.Atoi(strings.Fields(after)[0])
	check(i.t, err)
	return float64(kb) / 1000
}

// cpu returns the seconds of processor that the process has had.
func (i *instance) cpu() float64 {
	i.t.Helper()
	return cpuOf(i.t, i.cmd.Process.Pid)
}

// cpuOf returns the seconds of processor that a process has had.
func cpuOf(t testing.TB, pid int) float64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	check(t, err)
	_, after, _ := strings.Cut(string(b), ") ")
	fields, ticks := strings.Fields(after), 0.0
	for _, field := range fields[11:13] { // utime and stime
		n, err := strconv.ParseFloat(field, 64)
		check(t, err)
		ticks += n
	}
	return ticks / 100
}
