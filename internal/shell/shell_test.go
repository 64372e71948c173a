package shell

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/internal/testutil"
)

func TestSizes(t *testing.T) {
	for text, want := range map[string]Size{
		"0": 0, "1073741824": 1 << 30, "64GiB": 64 << 30, "64 gib": 64 << 30, "1.5 MB": 1_500_000, "2TiB": 2 << 40, "10kB": 10_000, "7B": 7,
	} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%q is %d: %v", text, s, err)
		}
	}
	for _, text := range []string{"", "64G", "x", "-1", "1 parsec", "16EiB", "GiB"} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %d", text, s)
		}
	}
}

func TestBuildOf(t *testing.T) {
	vcs := []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.time", Value: "2026-01-02T03:04:05Z"}, {Key: "vcs.modified", Value: "true"},
	}
	for _, c := range []struct {
		name, set string
		info      *debug.BuildInfo
		want      string
	}{
		{"nothing known", "", nil, "downbeat dev,"},
		{"a development build", "", &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: vcs}, "downbeat dev, revision 0123456789ab of 2026-01-02T03:04:05Z, modified,"},
		{"go install", "", &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "downbeat v1.2.3,"},
		{"a release", "v2.0.0", &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: vcs[:2]}, "downbeat v2.0.0, revision 0123456789ab of 2026-01-02T03:04:05Z, go"},
	} {
		if got := ReadBuild(c.set, c.info).String(); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// TestLog: level, format, and whose words they are.
func TestLog(t *testing.T) {
	for _, c := range []struct {
		flags Log
		want  string // the messages
	}{
		{Log{LogLevel: "info"}, "own-info own-error library-error"},
		{Log{LogLevel: "error"}, "own-error library-error"},
		{Log{LogLevel: "info", Verbose: true}, "own-debug own-info own-error library-error"},
		{Log{LogLevel: "debug", LogFormat: "json"}, "own-debug own-info own-error library-error"},
		{Log{LogLevel: "debug", LogLibraries: true}, "own-debug own-info own-error library-debug library-info library-error"},
	} {
		var out strings.Builder
		log := c.flags.New(&out)
		library := log.With("a", 1).With(LibraryKey, "x").With("scope", "ice")
		for _, l := range []string{"own", "library"} {
			to := log
			if l == "library" {
				to = library
			}
			to.Debug(l + "-debug")
			to.Info(l + "-info")
			to.Error(l + "-error")
		}
		var said []string
		for line := range strings.Lines(out.String()) {
			if c.flags.LogFormat == "json" {
				var j struct{ Msg string }
				testutil.Check(t, json.Unmarshal([]byte(line), &j))
				said = append(said, j.Msg)
				continue
			}
			_, rest, _ := strings.Cut(line, "msg=")
			said = append(said, strings.Fields(rest)[0])
		}
		if got := strings.Join(said, " "); got != c.want {
			t.Errorf("%+v: %s", c.flags, got)
		}
	}
}

// TestClientReadsAllPages of the list of sessions.
func TestClientReadsAllPages(t *testing.T) {
	pages := map[string]string{"": `{"sessions":[{"sessionId":"a"},{"sessionId":"b"}],"nextCursor":"2&x"}`, "2&x": `{"sessions":[{"sessionId":"c"}],"nextCursor":null}`}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, pages[r.URL.Query().Get("cursor")])
	}))
	defer server.Close()
	to, err := (&Address{URL: server.URL}).open()
	testutil.Check(t, err)
	defer to.http.CloseIdleConnections()
	all, err := to.sessions(t.Context())
	testutil.Check(t, err)
	if len(all) != 3 || all[2].SessionID != "c" {
		t.Errorf("read %+v", all)
	}
}
