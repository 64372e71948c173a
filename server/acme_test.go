package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/lan"
)

var (
	pebbleBinary = testutil.Build("tools", "pebble", "github.com/letsencrypt/pebble/v2/cmd/pebble")
	dnsBinary    = testutil.Build("tools", "pebble-challtestsrv", "github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv")
)

// authority is a real ACME server in a process of its own, Pebble, for which every
// name is at 127.0.0.1.
type authority struct {
	directory, root string // URL; file of the certificate that it is itself served with
	manage          string
	client          *http.Client
}

// newACME starts one that looks for challenges on these ports.
func newACME(t *testing.T, httpPort, tlsPort int) *authority {
	t.Helper()
	dir := t.TempDir()
	files := TLS{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	ca, err := lan.OpenAuthority(filepath.Join(dir, "ca"), lan.Names{})
	testutil.Check(t, err)
	writeSigned(t, ca, files, "localhost")
	listen, manage, dns := testutil.FreeAddr(t), testutil.FreeAddr(t), testutil.FreeAddr(t)
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": listen, "managementListenAddress": manage, "certificate": files.Cert, "privateKey": files.Key,
		"httpPort": httpPort, "tlsPort": tlsPort, "retryAfter": map[string]int{"authz": 1, "order": 1}, "keyAlgorithm": "ecdsa",
		"profiles": map[string]any{"default": map[string]any{"description": "test", "validityPeriod": 7776000}},
	}})
	testutil.Check(t, err)
	testutil.Check(t, os.WriteFile(filepath.Join(dir, "pebble.json"), config, 0o600))
	run(t, dnsBinary, nil, "-dnsserver", dns, "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-doh", "", "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", testutil.FreeAddr(t))
	run(t, pebbleBinary, []string{"PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0"}, "-config", filepath.Join(dir, "pebble.json"), "-dnsserver", dns)
	roots, err := lan.ReadRoots(ca.File())
	testutil.Check(t, err)
	_, port, _ := net.SplitHostPort(listen)
	a := &authority{
		directory: "https://localhost:" + port + "/dir", root: ca.File(), manage: "https://" + manage,
		client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "localhost"}}},
	}
	testutil.Eventually(t, "the ACME server to listen", func() bool {
		r, err := a.client.Get(a.directory)
		if err == nil {
			_ = r.Body.Close()
		}
		return err == nil
	})
	return a
}

// run starts a program that is ended with the test.
func run(t *testing.T, binary func() (string, error), env []string, args ...string) {
	t.Helper()
	file, err := binary()
	testutil.Check(t, err)
	cmd := exec.Command(file, args...)
	cmd.Env = append(os.Environ(), env...)
	testutil.Check(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

// roots are what its certificates are trusted by.
func (a *authority) roots(t *testing.T) *x509.CertPool {
	t.Helper()
	r, err := a.client.Get(a.manage + "/roots/0")
	testutil.Check(t, err)
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	testutil.Check(t, err)
	block, _ := pem.Decode(b)
	cert, err := x509.ParseCertificate(block.Bytes)
	testutil.Check(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return pool
}

// TestACME gets certificates from a real ACME server, by a challenge over TLS on the server's
// own port and by one over HTTP, and keeps them.
func TestACME(t *testing.T) {
	over := func(t *testing.T) net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		testutil.Check(t, err)
		return l
	}
	port := func(addr string) int {
		a, err := net.ResolveTCPAddr("tcp", addr)
		testutil.Check(t, err)
		return a.Port
	}
	nowhere := port(testutil.FreeAddr(t))
	first := over(t)
	httpPort := port(testutil.FreeAddr(t))
	a := newACME(t, httpPort, first.Addr().(*net.TCPAddr).Port)
	data := t.TempDir()
	flags := TLS{Mode: "acme", ACMECA: a.directory, ACMERoot: a.root, ACMEEmail: "ops@downbeat.example"}
	serial := secured(t, a, flags, first, data)
	if again := secured(t, a, flags, over(t), data); again != serial {
		t.Error("the certificate wasn't kept")
	}
	t.Run("HTTP", func(t *testing.T) {
		a := newACME(t, httpPort, nowhere)
		flags.ACMECA, flags.ACMERoot, flags.ACMEHTTPPort = a.directory, a.root, httpPort
		secured(t, a, flags, over(t), t.TempDir())
	})
}

// secured serves on l until a client that trusts the authority is content, and returns the
// certificate's number.
func secured(t *testing.T, a *authority, flags TLS, l net.Listener, data string) string {
	t.Helper()
	const name = "studio.downbeat.example"
	s, err := flags.open(served{at: l.Addr().(*net.TCPAddr), data: data, hosts: []string{name}, log: testutil.Quiet()})
	testutil.Check(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- s.beside(ctx, func(ctx context.Context) error {
			server := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}
			context.AfterFunc(ctx, func() { _ = server.Close() })
			_ = server.Serve(s.wrap(l))
			return nil
		})
	}()
	config := &tls.Config{RootCAs: a.roots(t), ServerName: name, NextProtos: []string{"h2", "http/1.1"}}
	var got string
	testutil.Eventually(t, fmt.Sprintf("a certificate for %s", name), func() bool {
		conn, err := tls.Dial("tcp", l.Addr().String(), config)
		if err != nil {
			testutil.Pause(ctx, 50*time.Millisecond)
			return false
		}
		got = conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
		if p := conn.ConnectionState().NegotiatedProtocol; p != "http/1.1" {
			t.Errorf("agreed on %q", p)
		}
		return conn.Close() == nil
	})
	stop()
	testutil.Check(t, <-ended)
	return got
}
