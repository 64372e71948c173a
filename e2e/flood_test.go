package e2e

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/signaling"
)

// halves are requests that don't go on.
var halves = []string{
	"", "GET /livez HTTP/1.1\r\nHo", "GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n",
	"POST /api/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
	"POST /api/uploads/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
	"PATCH /api/uploads/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n",
	"POST /qr.svg HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n", "\x16\x03\x01",
}

// sendHalves opens n connections from several addresses, and sends half a request over each.
func sendHalves(t testing.TB, server *instance, n int) (closeAll func()) {
	t.Helper()
	var conns []net.Conn
	for i := range n {
		c, err := dialFromAnywhere(t.Context(), "tcp", strings.TrimPrefix(server.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		_, _ = c.Write([]byte(halves[i%len(halves)]))
	}
	return func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}
}

// TestHalfRequests: a server that may have few files open answers, however many connections send
// half a request; and so does whoever had joined before.
func TestHalfRequests(t *testing.T) {
	server := newInstanceOf(t, 256, "--data", t.TempDir())
	member := server.join(signaling.JoinRequest{SessionID: "studio"})
	for round := range 3 {
		done := sendHalves(t, server, 350)
		for _, path := range []string{"/livez", "/readyz", "/device"} {
			if status, _, err := server.do("GET", path, ""); err != nil || status != http.StatusOK {
				t.Errorf("round %d, %s: %d, %v", round, path, status, err)
			}
		}
		done()
	}
	if _, err := member.Call(t.Context(), "request_session_state", nil); err != nil {
		t.Error("who had joined:", err)
	}
}

// BenchmarkHalfRequests: 1,000 connections that send half a request each, to a server that may have 256
// files open; how long /livez takes meanwhile.
func BenchmarkHalfRequests(b *testing.B) {
	for b.Loop() {
		server := newInstanceOf(b, 256)
		var took []float64
		ask := func() {
			began := time.Now()
			if status, _, err := server.do("GET", "/livez", ""); err != nil || status != http.StatusOK {
				b.Fatal(status, err)
			}
			took = append(took, ms(time.Since(began)))
		}
		var done []func()
		for range 20 {
			done = append(done, sendHalves(b, server, 50))
			ask()
		}
		for range 50 {
			ask()
			pause(context.Background(), 100*time.Millisecond)
		}
		for _, d := range done {
			d()
		}
		b.ReportMetric(slices.Max(took), "ms-livez-max")
		b.ReportMetric(lab.Quantile(took, .5), "ms-livez-p50")
	}
}
