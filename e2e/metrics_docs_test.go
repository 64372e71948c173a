package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/clock/utc"
	"github.com/downbeat-sync/downbeat/metrics"
	"github.com/downbeat-sync/downbeat/ntpserver"
)

// everyMetric returns what /metrics has where all is configured.
func everyMetric(t *testing.T) string {
	t.Helper()
	return scraped(t, metrics.New(metrics.Config{
		Version: "test", Devices: func() []metrics.Device { return nil }, Time: func() utc.Status { return utc.Status{State: utc.NTP} },
		Reference:   func() metrics.Reference { return metrics.Reference{Shared: true} },
		Disk:        func() (metrics.Disk, error) { return metrics.Disk{}, nil },
		Connections: func() metrics.Connections { return metrics.Connections{} },
		NTPClients:  func() map[ntpserver.Outcome]uint64 { return map[ntpserver.Outcome]uint64{ntpserver.Answered: 1} },
	}))
}

// TestDocsListTheMetrics: each has its place in the table, and nothing else is there.
func TestDocsListTheMetrics(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "docs", "decisions", "0013-metrics.md"))
	check(t, err)
	_, table, _ := strings.Cut(string(doc), "| name | is |")
	listed := map[string]bool{}
	for _, name := range regexp.MustCompile("`(downbeat_[a-z_]+)").FindAllStringSubmatch(table, -1) {
		listed[name[1]] = true
	}
	// Vectors whose labels aren't known before the first one, and the store's own number.
	there := []string{"downbeat_leaves_total", "downbeat_refusals_total", "downbeat_missed_total", "downbeat_exchanges_rejected_total", "downbeat_sessions"}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (downbeat_[a-z_]+) `).FindAllStringSubmatch(everyMetric(t), -1) {
		there = append(there, m[1])
	}
	for _, name := range there {
		if !listed[name] {
			t.Errorf("the table lacks %s", name)
		}
	}
	for name := range listed {
		if !slices.Contains(there, name) {
			t.Errorf("the table has %s, which isn't there", name)
		}
	}
}
