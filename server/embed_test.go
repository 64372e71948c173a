package server

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// TestMistakesOfConfig: each is refused by New with one error that names the fields.
func TestMistakesOfConfig(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	testutil.Check(t, err)
	defer taken.Close()
	log := testutil.Quiet()
	for name, c := range map[string]struct {
		cfg    Config
		says   string
		usable bool
	}{
		"no logger":                {Config{}, "server.Config.Log is nil: give a logger", false},
		"a prefix without a slash": {Config{Log: log, Prefix: "beat"}, "server.Config.Prefix beat: a path begins with a slash", false},
		"a lead that is negative":  {Config{Log: log, MinLead: -time.Second}, "server.Config.MinLead -1s and server.Config.MaxLead 5s", false},
		"leads the wrong way":      {Config{Log: log, MinLead: time.Minute}, "MinLead 1m0s and server.Config.MaxLead 5s", false},
		"an idle time too long":    {Config{Log: log, SessionIdle: 1000 * time.Hour}, "server.Config.SessionIdle 1000h0m0s", false},
		"two places for HTTP":      {Config{Log: log, Addr: ":0", Listener: taken}, "server.Config.Addr and server.Config.Listener", false},
		"TLS in another's mux":     {Config{Log: log, TLS: TLS{Mode: "local"}}, "server.Config.TLS.Mode local needs server.Config.Addr", false},
		"an unknown TLS":           {Config{Log: log, Addr: "127.0.0.1:0", TLS: TLS{Mode: "ssl"}}, "server.Config.TLS.Mode ssl", false},
		"a port that is taken":     {Config{Log: log, Addr: taken.Addr().String()}, "another program listens there", true},
		"an address of nobody":     {Config{Log: log, Advertise: []string{"here"}}, "server.Config.Advertise here", false},
		"films that aren't there":  {Config{Log: log, Media: "/nonexistent"}, "server.Config.Media /nonexistent", false},
		"an NTP server twice":      {Config{Log: log, NTP: []string{"one.example", "one.example"}}, "server.Config.NTP: ", false},
		"no mode of access":        {Config{Log: log, Access: access.Config{Mode: "none"}}, "none", false},
	} {
		s, err := New(t.Context(), c.cfg)
		wrong, ok := errors.AsType[*ConfigError](err)
		if !ok || wrong.Usable != c.usable || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if s != nil {
			testutil.Check(t, s.Close())
		}
	}
	if c, err := net.Dial("tcp", taken.Addr().String()); err != nil {
		t.Error("a Listener was closed though New failed: ", err)
	} else {
		_ = c.Close()
	}
}

// TestTwoServersInOneDirectory: the second is refused while the first is there, and had afterwards.
func TestTwoServersInOneDirectory(t *testing.T) {
	cfg := Config{Log: testutil.Quiet(), Data: t.TempDir(), RTCAddr: "127.0.0.1:0"}
	first, err := New(t.Context(), cfg)
	testutil.Check(t, err)
	if _, err := New(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "in use") || strings.Contains(err.Error(), "\n") {
		t.Errorf("the second: %v", err)
	}
	testutil.Check(t, first.Close())
	again, err := New(t.Context(), cfg)
	testutil.Check(t, err)
	testutil.Check(t, again.Close())
}

// TestRunsOnce: Run after Run or Close is refused, and does nothing; Close after Run, too.
func TestRunsOnce(t *testing.T) {
	s, err := New(t.Context(), Config{Log: testutil.Quiet(), RTCAddr: "127.0.0.1:0"})
	testutil.Check(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	waitFor(t, s, http.StatusOK)
	if err := s.Run(t.Context()); !errors.Is(err, ErrRan) {
		t.Errorf("Run while it runs: %v", err)
	}
	if err := s.Close(); !errors.Is(err, ErrRan) {
		t.Errorf("Close while it runs: %v", err)
	}
	stop()
	testutil.Check(t, <-ended)
	if err := s.Run(t.Context()); !errors.Is(err, ErrRan) {
		t.Errorf("Run after it ran: %v", err)
	}
	closed, err := New(t.Context(), Config{Log: testutil.Quiet(), RTCAddr: "127.0.0.1:0"})
	testutil.Check(t, err)
	testutil.Check(t, closed.Close())
	if err := closed.Run(t.Context()); !errors.Is(err, ErrRan) {
		t.Errorf("Run after Close: %v", err)
	}
}

// waitFor asks a mounted server until it answers with a status.
func waitFor(t *testing.T, h http.Handler, status int) {
	t.Helper()
	testutil.Eventually(t, http.StatusText(status), func() bool {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "http://127.0.0.1/livez", nil))
		return w.Code == status
	})
}

// TestClosedListener: Run fails and says so, and has given everything back.
func TestClosedListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testutil.Check(t, err)
	s, err := New(t.Context(), Config{Log: testutil.Quiet(), Listener: l})
	testutil.Check(t, err)
	testutil.Check(t, l.Close())
	err = s.Run(t.Context())
	if _, ok := errors.AsType[*ConfigError](err); !ok || !strings.Contains(err.Error(), "server.Config.Listener at "+l.Addr().String()+" is closed") {
		t.Errorf("Run: %v", err)
	}
}

// TestMounted: below a prefix of somebody else's mux, nothing is served before Run and after it, and what is
// being answered when it ends is answered to the end.
func TestMounted(t *testing.T) {
	s, err := New(t.Context(), Config{Log: testutil.Quiet(), Prefix: "/beat", RTCAddr: "127.0.0.1:0"})
	testutil.Check(t, err)
	mux := http.NewServeMux()
	mux.Handle("/beat/", s)
	web := httptest.NewServer(mux)
	defer web.Close()
	get := func(path string) (int, string) {
		r, err := http.Get(web.URL + path)
		testutil.Check(t, err)
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		testutil.Check(t, err)
		return r.StatusCode, string(b)
	}
	unavailable := func(when string) {
		t.Helper()
		if status, body := get("/beat/livez"); status != http.StatusServiceUnavailable || !strings.Contains(body, `"unavailable"`) {
			t.Errorf("%s: %d %s", when, status, body)
		}
	}
	unavailable("before Run")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	testutil.Eventually(t, "the server", func() bool { status, _ := get("/beat/livez"); return status == http.StatusOK })
	if status, body := get("/beat/"); status != http.StatusOK || !strings.Contains(body, "<title>") {
		t.Errorf("the console: %d %s", status, body)
	}
	if status, _ := get("/livez"); status != http.StatusNotFound {
		t.Errorf("beside the prefix: %d", status)
	}
	if s.AccessMode() != access.Link || len(s.AdminKey()) < 16 {
		t.Errorf("open to whoever comes: %s", s.AccessMode())
	}
	stop()
	testutil.Check(t, <-ended)
	unavailable("after Run")
}
