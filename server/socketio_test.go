package server

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

const socketIOAdmin = "an admin key of the test"

// serveSocketIO serves with keys, and for the pages of one other origin.
func serveSocketIO(t *testing.T) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testutil.Check(t, err)
	ctx, stop := context.WithCancel(context.Background())
	s, err := New(ctx, Config{
		Log: testutil.Quiet(), Listener: l, RTCAddr: "127.0.0.1:0", Origins: []string{"https://app.example"},
		Access: access.Config{Mode: access.Link, AdminKey: socketIOAdmin},
	})
	testutil.Check(t, err)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		testutil.Check(t, <-ended)
	})
	return "http://" + l.Addr().String()
}

// ask asks Engine.IO something as a page of an origin does.
func ask(t *testing.T, method, url, origin, body string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	testutil.Check(t, err)
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	if method == http.MethodOptions {
		r.Header.Set("Access-Control-Request-Method", http.MethodPost)
	}
	r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	resp, err := http.DefaultClient.Do(r)
	testutil.Check(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	testutil.Check(t, err)
	return resp, string(b)
}

const polling = "/socket.io/?EIO=4&transport=polling"

// TestSocketIOOrigins: polling is for pages of the server's own origin and of listed ones, with credentials;
// others can't even post, which browsers let them without asking.
func TestSocketIOOrigins(t *testing.T) {
	url := serveSocketIO(t)
	for origin, allowed := range map[string]bool{"https://app.example": true, url: true, "": true, "https://evil.example": false, "null": false} {
		resp, body := ask(t, http.MethodGet, url+polling, origin, "")
		if (resp.StatusCode == http.StatusOK) != allowed || !allowed && !strings.Contains(body, "bad_origin") {
			t.Errorf("a handshake from %q: %d %s", origin, resp.StatusCode, body)
		}
		h := resp.Header
		if origin == "https://app.example" && (h.Get("Access-Control-Allow-Origin") != origin || h.Get("Access-Control-Allow-Credentials") != "true" ||
			!strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin")) {
			t.Errorf("a page of %s isn't let read: %v", origin, h)
		}
		if !allowed {
			if h.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("a page of %q may read: %v", origin, h)
			}
			if resp, _ := ask(t, http.MethodPost, url+polling+"&sid=any", origin, "40"); resp.StatusCode != http.StatusForbidden {
				t.Errorf("a POST from %q: %d", origin, resp.StatusCode)
			}
		}
	}
	if resp, _ := ask(t, http.MethodOptions, url+polling, "https://app.example", ""); resp.Header.Get("Access-Control-Allow-Methods") == "" {
		t.Errorf("a preflight gets %d %v", resp.StatusCode, resp.Header)
	}
}

// joinSocketIO joins by polling, and returns what the server says.
func joinSocketIO(t *testing.T, url, query, auth, join string) string {
	t.Helper()
	_, opened := ask(t, http.MethodGet, url+polling+query, "", "")
	_, rest, _ := strings.Cut(opened, `"sid":"`)
	sid, _, _ := strings.Cut(rest, `"`)
	at := url + polling + "&sid=" + sid
	ask(t, http.MethodPost, at, "", "40"+auth+"\x1e42"+fmt.Sprintf(`["join_session",%s]`, join))
	said := ""
	for !strings.Contains(said, `42["`) {
		resp, b := ask(t, http.MethodGet, at, "", "")
		if said += b; resp.StatusCode != http.StatusOK {
			t.Fatalf("polling: %d %s, after %s", resp.StatusCode, b, said)
		}
	}
	ask(t, http.MethodPost, at, "", "1")
	return said
}

// TestSocketIOKeys: a session opens with its key, wherever the client has it, and guessing is throttled.
func TestSocketIOKeys(t *testing.T) {
	url := serveSocketIO(t)
	const join = `{"sessionId":"keys","deviceType":"mobile"}`
	for _, c := range []struct{ query, auth, join string }{
		{"", "", strings.Replace(join, "}", `,"key":"`+socketIOAdmin+`"}`, 1)},
		{"", `{"key":"` + socketIOAdmin + `"}`, join},
		{"&key=" + strings.ReplaceAll(socketIOAdmin, " ", "%20"), "", join},
	} {
		if said := joinSocketIO(t, url, c.query, c.auth, c.join); !strings.Contains(said, `["session_joined"`) {
			t.Errorf("with the key in %+v: %s", c, said)
		}
	}
	if said := joinSocketIO(t, url, "", "", join); !strings.Contains(said, `["error"`) || strings.Contains(said, "session_joined") {
		t.Errorf("without a key: %s", said)
	}
	throttled := false
	for range 60 {
		said := joinSocketIO(t, url, "", `{"key":"a guess"}`, join)
		if strings.Contains(said, "session_joined") {
			t.Fatalf("with a wrong key: %s", said)
		}
		if throttled = strings.Contains(said, "too_many_attempts"); throttled {
			break
		}
	}
	if !throttled {
		t.Error("guessing goes on without end")
	}
}
