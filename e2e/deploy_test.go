package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/server"
	"github.com/downbeat-sync/downbeat/upload"
)

// TestNginxOfDeploy: behind the nginx of deploy/ two instances are one service: WebSockets, uploads that go on
// through either of them, files, and clients of Socket.IO that poll.
func TestNginxOfDeploy(t *testing.T) {
	all := cluster(t, 2, "--trusted-proxy", "127.0.0.1", "--host", "beat.example")
	at, dir := freeAddr(t), t.TempDir()
	files := server.TLS{Cert: filepath.Join(dir, "crt"), Key: filepath.Join(dir, "key")}
	trusts := &tls.Config{RootCAs: writePublic(t, files, "beat.example")}
	b, err := os.ReadFile("../deploy/nginx.conf")
	check(t, err)
	config := string(b)
	for _, change := range [][2]string{
		{"server one:8080", "server " + strings.TrimPrefix(all[0].url, "http://")}, {"server two:8082", "server " + strings.TrimPrefix(all[1].url, "http://")},
		{"listen 443 ssl", "listen " + at + " ssl"}, {"/etc/ssl/beat.example.crt", files.Cert}, {"/etc/ssl/beat.example.key", files.Key},
	} {
		if !strings.Contains(config, change[0]) {
			t.Fatalf("deploy/nginx.conf has no %s", change[0])
		}
		config = strings.ReplaceAll(config, change[0], change[1])
	}
	runNginx(t, at, config)

	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", at)
	}
	through := &http.Client{Transport: &http.Transport{DialContext: dial, TLSClientConfig: trusts, DisableKeepAlives: true}}
	for range 4 { // both of them
		ws, _, err := (&websocket.Dialer{NetDialContext: dial, TLSClientConfig: trusts}).Dial("wss://beat.example/ws", http.Header{"Origin": {atProxy}})
		check(t, err)
		check(t, ws.Close())
	}
	id, want := all[0].recorded().RecordingID, someBytes(12<<20)
	c := upload.Client{URL: atProxy, HTTP: through}
	check(t, c.Send(t.Context(), upload.File{RecordingID: id, Size: int64(len(want))}, bytes.NewReader(want)))
	everywhere(t, all, id, want)

	ask := func(method, query, body string) (int, string) {
		q, err := http.NewRequestWithContext(t.Context(), method, atProxy+"/socket.io/?EIO=4&transport=polling"+query, strings.NewReader(body))
		check(t, err)
		res, err := through.Do(q)
		check(t, err)
		b, err := io.ReadAll(res.Body)
		check(t, err)
		check(t, res.Body.Close())
		return res.StatusCode, string(b)
	}
	for range 4 {
		status, opened := ask("GET", "", "")
		var open struct{ Sid string }
		if status != http.StatusOK || json.Unmarshal([]byte(strings.TrimPrefix(opened, "0")), &open) != nil {
			t.Fatalf("opened: %d %s", status, opened)
		}
		for _, step := range []string{"POST 40", "GET "} { // one of them would be the other instance's
			method, body, _ := strings.Cut(step, " ")
			if status, said := ask(method, "&sid="+open.Sid, body); status != http.StatusOK {
				t.Fatalf("%s of a client that polls: %d %s", method, status, said)
			}
		}
	}
}
