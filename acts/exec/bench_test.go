//go:build unix

package exec

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// BenchmarkRun: how much after the instant, by the device's map, a command reads the clock: one that is started
// then, one that waits itself.
func BenchmarkRun(b *testing.B) {
	self, err := os.Executable()
	testutil.Check(b, err)
	for _, c := range []struct {
		name, command string
		waits         bool
	}{
		{"started", `date +%s%N >$STAMP`, false},
		{"waits", `DOWNBEAT_TEST_STAMP=$STAMP exec ` + self, true},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkRun(b, c.command, c.waits) })
	}
}

func benchmarkRun(b *testing.B, command string, waits bool) {
	file := filepath.Join(b.TempDir(), "stamp")
	s := stage(b, Config{Waits: waits, Command: strings.ReplaceAll(command, "$STAMP", file)})
	var late []float64
	for range 100 {
		_ = os.Remove(file)
		cmd, err := s.Schedule(b.Context(), device.Command{Name: "flash", When: device.When{Delay: 150 * time.Millisecond}})
		testutil.Check(b, err)
		var at int64
		_, err = fmt.Sscan(awaitFile(b, file), &at)
		testutil.Check(b, err)
		now, _ := s.Clock().Now()
		late = append(late, testutil.Ms(now.Sub(cmd.Timestamp)-time.Duration(time.Now().UnixNano()-at)))
	}
	slices.Sort(late)
	b.ReportMetric(late[len(late)/2], "p50-ms")
	b.ReportMetric(late[len(late)*99/100], "p99-ms")
	b.ReportMetric(0, "ns/op")
}
