package metrics_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/metrics"
)

// What is counted is read by Prometheus.
func Example() {
	m := metrics.New(metrics.Config{Version: "v1", Devices: func() []metrics.Device { return nil }})
	m.Acted(3*time.Millisecond, false)

	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	for line := range strings.Lines(answer.Body.String()) {
		if strings.HasPrefix(line, "downbeat_acts_total") {
			fmt.Print(line)
		}
	}
	// Output:
	// downbeat_acts_total{late="false"} 1
	// downbeat_acts_total{late="true"} 0
}
