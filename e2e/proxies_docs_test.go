package e2e

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/server"
)

// proxied is a server behind a proxy whose configuration is the one of docs/operating.md.
type proxied struct {
	t     *testing.T
	admin string
	rig   *lab.Rig
	tls   *tls.Config
	proxy string // address that it listens on
}

const atProxy = "https://beat.example"

// TestProxiesOfTheDocument: behind nginx and Caddy, with the configurations of docs/operating.md, TLS, WebSocket,
// an upload, a signed link, and the client's own address in limits all work.
func TestProxiesOfTheDocument(t *testing.T) {
	for language, run := range map[string]func(t *testing.T, addr, config string){"nginx": runNginx, "caddy": runCaddy} {
		t.Run(language, func(t *testing.T) {
			p := newProxied(t, language, run)
			p.findsItself()
			p.opensWebSockets()
			p.takesUploads()
			p.knowsClients()
		})
	}
}

// newProxied takes a configuration out of the document, and gives it addresses and files of the test.
func newProxied(t *testing.T, language string, run func(t *testing.T, addr, config string)) *proxied {
	t.Helper()
	p := &proxied{t: t, admin: access.NewKey(), proxy: freeAddr(t)}
	p.rig = serving(t, server.Config{
		Access: access.Config{Mode: access.Link, AdminKey: p.admin}, Data: t.TempDir(), DiskReserve: -1, Hosts: []string{"beat.example"},
		Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
	}, nil)
	dir := t.TempDir()
	files := server.TLS{Cert: filepath.Join(dir, "crt"), Key: filepath.Join(dir, "key")}
	p.tls = &tls.Config{RootCAs: writePublic(t, files, "beat.example")}

	doc, err := os.ReadFile("../docs/operating.md")
	check(t, err)
	_, config, found := strings.Cut(string(doc), "```"+language+"\n")
	config, _, ended := strings.Cut(config, "```")
	if !found || !ended {
		t.Fatalf("docs/operating.md has no configuration of %s", language)
	}
	for _, change := range [][2]string{
		{"http://127.0.0.1:8080", p.rig.URL}, {"reverse_proxy 127.0.0.1:8080", "reverse_proxy " + strings.TrimPrefix(p.rig.URL, "http://")},
		{"listen 443 ssl", "listen " + p.proxy + " ssl"}, {"/etc/ssl/beat.example.crt", files.Cert}, {"/etc/ssl/beat.example.key", files.Key},
	} {
		config = strings.ReplaceAll(config, change[0], change[1])
	}
	if strings.Contains(config, "8080") || strings.Contains(config, "/etc/") {
		t.Fatalf("not for a test: %s", config)
	}
	run(t, p.proxy, config)
	return p
}

// writePublic writes a certificate for a name with its key, and returns who trusts it.
func writePublic(t *testing.T, f server.TLS, name string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	of := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	check(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	testutil.WritePEM(t, f.Cert, "CERTIFICATE", der)
	testutil.WritePEM(t, f.Key, "PRIVATE KEY", private)
	made, err := x509.ParseCertificate(der)
	check(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(made)
	return pool
}

// dialFrom connects to the proxy, whatever is asked for, from an address of this machine.
func (p *proxied) dialFrom(from string) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		return d.DialContext(ctx, "tcp", p.proxy)
	}
}

// get asks through the proxy, with header lines, from an address of this machine.
func (p *proxied) get(from, path string, lines ...string) (status int, body string) {
	p.t.Helper()
	q, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, atProxy+path, nil)
	check(p.t, err)
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		q.Header.Add(name, value)
	}
	transport := &http.Transport{DialContext: p.dialFrom(from), TLSClientConfig: p.tls.Clone()}
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Do(q)
	check(p.t, err)
	defer res.Body.Close()
	var b bytes.Buffer
	_, err = io.Copy(&b, res.Body)
	check(p.t, err)
	return res.StatusCode, b.String()
}

// findsItself: the server knows under which address it was asked for, whatever the client says.
func (p *proxied) findsItself() {
	p.t.Helper()
	_, info := p.get("127.0.0.2", "/api/info", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: http", "X-Forwarded-Port: 99", "X-Forwarded-Prefix: /evil", "Forwarded: host=evil.example;proto=http")
	if !strings.Contains(info, `"urls":["`+atProxy+`"`) {
		p.t.Errorf("told %s", info)
	}
	if status, _ := p.get("127.0.0.2", "/"); status != http.StatusOK {
		p.t.Errorf("the console: %d", status)
	}
}

// opensWebSockets: for pages of the address that the proxy has, encrypted.
func (p *proxied) opensWebSockets() {
	p.t.Helper()
	for origin, want := range map[string]int{atProxy: 101, "https://Beat.Example.:443": 101, "http://beat.example": 403, "https://evil.example": 403} {
		d := websocket.Dialer{NetDialContext: p.dialFrom("127.0.0.2"), TLSClientConfig: p.tls.Clone()}
		ws, res, err := d.Dial("wss://beat.example/ws", http.Header{"Origin": {origin}})
		if err == nil {
			_ = ws.Close()
		}
		if res == nil || res.StatusCode != want {
			p.t.Errorf("a WebSocket of %s: %v, %v", origin, res, err)
		}
	}
}

// takesUploads: a device joins and uploads through the proxy, and a signed link opens the file.
func (p *proxied) takesUploads() {
	p.t.Helper()
	ctx, leave := context.WithTimeout(p.t.Context(), 60*time.Second)
	defer leave()
	starts := make(chan device.Act, 1)
	d := device.New(device.Config{
		URL: atProxy, SessionID: "studio", Create: true, Key: p.admin, TLS: p.tls, NetDial: p.dialFrom("127.0.0.2"),
		Act: func(a device.Act) {
			if a.Event == "start_recording" {
				starts <- a
			}
		},
	})
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	select {
	case <-d.Connected():
	case err := <-ended:
		p.t.Fatal("the device ended: ", err)
	}
	_, err := d.Call(ctx, "start_recording", map[string]any{"duration": 20})
	check(p.t, err)
	var start device.Act
	select {
	case start = <-starts:
	case err := <-ended:
		p.t.Fatal("the device ended before the take began: ", err)
	}
	eventually(p.t, "the take to be over", func() bool {
		all, err := p.rig.Server.Sessions().Recordings(ctx, "studio")
		return err == nil && len(all) == 1 && all[0].UploadStatus == "pending"
	})
	film := strings.Repeat("film", 1<<20) // more than proxies take by default
	check(p.t, d.Upload(ctx, start.RecordingID, "a.webm", "video/webm", strings.NewReader(film), int64(len(film))))
	_, list := p.get("127.0.0.2", "/api/sessions/studio/recordings", "Authorization: Bearer "+p.admin)
	_, link, _ := strings.Cut(list, `"fileUrl":"`)
	link, _, _ = strings.Cut(link, `"`)
	link = strings.ReplaceAll(link, `\u0026`, "&")
	if !strings.HasPrefix(link, "/api/sessions/studio/") || !strings.Contains(link, "signature=") {
		p.t.Fatalf("listed %s", list)
	}
	if status, got := p.get("127.0.0.2", link); status != http.StatusOK || got != film {
		p.t.Errorf("the signed link: %d, %d bytes", status, len(got))
	}
	leave()
	<-ended
}

// knowsClients: who guesses keys is refused, whatever it says of itself, and nobody else is.
func (p *proxied) knowsClients() {
	p.t.Helper()
	guess := func(from string, n int) int {
		status, _ := p.get(from, "/api/sessions/studio", "Authorization: Bearer wrong",
			fmt.Sprintf("X-Forwarded-For: 198.51.100.%d", n), fmt.Sprintf(`Forwarded: for="198.51.100.%d"`, n))
		return status
	}
	refused := false
	for n := range 100 {
		refused = refused || guess("127.0.0.3", n) == http.StatusTooManyRequests
	}
	if !refused {
		p.t.Error("who guesses is never refused")
	}
	if status := guess("127.0.0.4", 0); status != http.StatusUnauthorized {
		p.t.Errorf("somebody else's guess: %d", status)
	}
}
