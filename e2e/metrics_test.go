package e2e

import (
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/metrics"
	"github.com/downbeat-sync/downbeat/server"
)

// TestMetrics: what a real device does is counted.
func TestMetrics(t *testing.T) {
	r, err := lab.NewRig(t.Context(), server.Config{Log: quiet()}, nil)
	check(t, err)
	defer func() { check(t, r.Close()) }()
	_, err = r.Add("studio", lab.NewClock(time.Now(), rand.New(rand.NewPCG(1, 1))))
	check(t, err)
	resp, err := http.Get(r.URL + "/metrics")
	check(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	check(t, err)
	text := string(body)
	for _, line := range []string{"downbeat_sessions 1\n", `downbeat_utc_state{state="local"} 1` + "\n", "downbeat_device_bound_seconds_count 1\n"} {
		if !strings.Contains(text, line) {
			t.Errorf("lacks %q", line)
		}
	}
	if strings.Contains(text, "downbeat_exchanges_total 0\n") || !strings.Contains(text, "downbeat_exchanges_total ") {
		t.Error("no exchange was counted")
	}
}

// scraped returns what a scrape of m gets.
func scraped(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}
