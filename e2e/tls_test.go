package e2e

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/lan"
)

// newTLSInstance starts a server that encrypts; what it serves with isn't looked at by i.do.
func newTLSInstance(t testing.TB, flags ...string) *instance {
	t.Helper()
	addr := freeAddr(t)
	_, rtc, err := net.SplitHostPort(freeAddr(t))
	check(t, err)
	i := &instance{t: t, url: "https://" + addr}
	i.args = append([]string{"serve", "--addr", addr, "--rtc-tcp-port", rtc}, flags...)
	i.start()
	t.Cleanup(i.kill)
	return i
}

// TestTLSLocalAndDevice: a Go device joins over TLS by the authority's file, one without it doesn't.
func TestTLSLocalAndDevice(t *testing.T) {
	data := t.TempDir()
	i := newTLSInstance(t, "--tls", "local", "--data", data)
	var info struct {
		URLs     []string
		SetupURL string
	}
	i.get("/api/info", &info)
	if len(info.URLs) != 1 || info.URLs[0] != i.url || !strings.HasPrefix(info.SetupURL, "http://127.0.0.1:") {
		t.Errorf("told %+v", info)
	}
	roots, err := lan.ReadRoots(filepath.Join(data, "tls", "ca.crt"))
	check(t, err)
	trusting := device.New(device.Config{URL: i.url, SessionID: "lan", Create: true, TLS: &tls.Config{RootCAs: roots}})
	ctx, leave := context.WithTimeout(t.Context(), 20*time.Second)
	ended := make(chan error, 1)
	go func() { ended <- trusting.Run(ctx) }()
	select {
	case <-trusting.Connected():
	case err := <-ended:
		t.Fatal("the device that trusts the authority: ", err)
	}
	leave()
	check(t, <-ended)
	err = device.New(device.Config{URL: i.url, SessionID: "lan"}).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("the device that doesn't: %v", err)
	}
}

// TestPlainHTTPToTLS: whoever speaks plain HTTP to TLS is told.
func TestPlainHTTPToTLS(t *testing.T) {
	i := newTLSInstance(t, "--tls", "local", "--data", t.TempDir())
	r, err := http.Get("http" + strings.TrimPrefix(i.url, "https"))
	check(t, err)
	check(t, r.Body.Close())
	if r.StatusCode != http.StatusBadRequest {
		t.Errorf("plain HTTP: %s", r.Status)
	}
}
