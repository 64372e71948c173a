package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

func TestMain(m *testing.M) { testutil.Main(m) }

var binary = testutil.Build(".", "embed", "./examples/embed")

// TestEmbedded runs the program as it is: a device joins below its path, acts on a command that is given over
// HTTP, and the program's own page is there, too.
func TestEmbedded(t *testing.T) {
	file, err := binary()
	testutil.Check(t, err)
	cmd := exec.Command(file, "-addr", testutil.FreeAddr(t))
	out, err := cmd.StdoutPipe()
	testutil.Check(t, err)
	testutil.Check(t, cmd.Start())
	defer func() {
		testutil.Check(t, cmd.Process.Signal(os.Interrupt))
		if err := cmd.Wait(); err != nil {
			t.Errorf("it ends with %v", err)
		}
	}()
	said := make([]byte, 1000)
	n, err := out.Read(said)
	testutil.Check(t, err)
	link := regexp.MustCompile(`(http://[^/]*)(/beat)/#admin=(\S+)`).FindStringSubmatch(string(said[:n]))
	if link == nil {
		t.Fatalf("it says %q", said[:n])
	}
	url, key := link[1]+link[2], link[3]
	testutil.Eventually(t, "the server", func() bool { return get(t, url+"/livez") != "" })
	if own := get(t, link[1]+"/"); !strings.Contains(own, "the program's own") {
		t.Errorf("the program's own page: %s", own)
	}

	acts := make(chan device.Act, 1)
	d := device.New(device.Config{URL: url, SessionID: "studio", Create: true, Key: key, Act: func(a device.Act) { acts <- a }})
	ctx, leave := context.WithTimeout(t.Context(), 30*time.Second)
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	select {
	case <-d.Connected(): // over WebRTC
	case err := <-ended:
		t.Fatal(err)
	}
	q, err := http.NewRequestWithContext(ctx, "POST", url+"/api/sessions/studio/commands", strings.NewReader(`{"name":"flash"}`))
	testutil.Check(t, err)
	q.Header.Set("Authorization", "Bearer "+key)
	r, err := http.DefaultClient.Do(q)
	testutil.Check(t, err)
	testutil.Check(t, r.Body.Close())
	select {
	case a := <-acts:
		if a.Name != "flash" {
			t.Errorf("acted on %+v", a)
		}
	case <-ctx.Done():
		t.Errorf("it didn't act: the command was answered with %s", r.Status)
	}
	leave()
	testutil.Check(t, <-ended)
	http.DefaultClient.CloseIdleConnections()
}

// get returns the body of what is there; empty where nothing is.
func get(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		return ""
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	testutil.Check(t, err)
	if r.StatusCode != http.StatusOK {
		return ""
	}
	return string(b)
}

// TestTakenAddress: the program says so and ends.
func TestTakenAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testutil.Check(t, err)
	udp, err := net.ListenPacket("udp", l.Addr().String())
	testutil.Check(t, err)
	defer udp.Close()
	if err := serve(t.Context(), l); err == nil || !strings.Contains(err.Error(), "another program listens there") {
		t.Errorf("serve: %v", err)
	}
}
