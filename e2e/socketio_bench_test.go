package e2e

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// member is a bare client of Socket.IO over a WebSocket.
type member struct {
	ws      *websocket.Conn
	writing sync.Mutex
	joined  chan struct{}
}

// joinSocketIO joins a session, and reads until the connection ends; stalls: only until it has joined.
func joinSocketIO(b *testing.B, url, join string, stalls bool, heard func(text string)) *member {
	d := websocket.Dialer{NetDial: func(network, addr string) (net.Conn, error) {
		c, err := net.Dial(network, addr)
		if tcp, ok := c.(*net.TCPConn); ok && stalls {
			_ = tcp.SetReadBuffer(4 << 10)
		}
		return c, err
	}}
	ws, _, err := d.Dial("ws"+strings.TrimPrefix(url, "http")+"/socket.io/?EIO=4&transport=websocket", nil)
	check(b, err)
	m := &member{ws: ws, joined: make(chan struct{})}
	b.Cleanup(func() { _ = ws.Close() })
	check(b, m.write("40"))
	check(b, m.write(`42["join_session",`+join+`]`))
	go func() {
		for in := false; ; {
			_, text, err := ws.ReadMessage()
			if err != nil {
				return
			}
			switch {
			case string(text) == "2":
				_ = m.write("3")
			case !in && strings.HasPrefix(string(text), `42["session_joined"`):
				in = true
				close(m.joined)
				if stalls {
					return
				}
			}
			if heard != nil {
				heard(string(text))
			}
		}
	}()
	return m
}

func (m *member) write(text string) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	return m.ws.WriteMessage(websocket.TextMessage, []byte(text))
}

func (m *member) await(b *testing.B) {
	select {
	case <-m.joined:
	case <-time.After(time.Minute):
		b.Fatal("a member hasn't joined after a minute")
	}
}

// BenchmarkThousandSocketIO: the server's memory with 1000 clients of Socket.IO in one session, and with a further
// one elsewhere that reads nothing while its session goes on: how much was told until it was closed.
func BenchmarkThousandSocketIO(b *testing.B) {
	for b.Loop() {
		server := newInstance(b)
		b.ReportMetric(server.rss(), "MB-empty")
		var all []*member
		for range 1000 {
			m := joinSocketIO(b, server.url, `{"sessionId":"crowd","deviceType":"mobile"}`, false, nil)
			m.await(b)
			all = append(all, m)
		}
		pause(b.Context(), 5*time.Second)
		b.ReportMetric(server.rss(), "MB-with-1000")
		closed := make(chan struct{})
		var once sync.Once
		leader := joinSocketIO(b, server.url, `{"sessionId":"stall","userId":"leader"}`, false, func(text string) {
			if strings.HasPrefix(text, `42["device_disconnected"`) {
				once.Do(func() { close(closed) })
			}
		})
		leader.await(b)
		joinSocketIO(b, server.url, `{"sessionId":"stall","deviceType":"mobile"}`, true, nil).await(b)
		load := fmt.Sprintf(`42["schedule",{"name":"fill","payload":%q}]`, strings.Repeat("x", 15<<10))
		told := 0
		for open := true; open; told++ {
			check(b, leader.write(load))
			select {
			case <-closed:
				open = false
			case <-time.After(10 * time.Millisecond):
			}
			if told > 6000 {
				b.Fatal("who reads nothing is still there after a minute")
			}
		}
		b.ReportMetric(server.rss(), "MB-after-stall")
		b.ReportMetric(float64(told)*15/1024, "MB-told-until-closed")
		for _, m := range all {
			_ = m.ws.Close()
		}
	}
}
