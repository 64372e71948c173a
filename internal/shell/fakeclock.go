package shell

import (
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"
)

// FakeClock returns the wall and monotonic clock that this process is to believe: this machine's, for
// an empty text, or one that is ahead of it and gains, as in "+50ms,+20ppm". It is the tests'
// way to have several machines on one.
func FakeClock(text string) (func() time.Time, error) {
	if text == "" {
		return time.Now, nil
	}
	shift, drift, ok := strings.Cut(text, ",")
	ahead, err := time.ParseDuration(strings.TrimSpace(shift))
	ppm := 0.0
	if err == nil && ok {
		ppm, err = strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(drift), "ppm"), 64)
	}
	if err != nil || !(math.Abs(ppm) <= 200) || ok && !strings.HasSuffix(strings.TrimSpace(drift), "ppm") {
		return nil, fmt.Errorf("%q: it must be like +50ms,+20ppm, with 200ppm at most", text)
	}
	start := time.Now()
	return func() time.Time {
		t := time.Now()
		return t.Add(ahead + time.Duration(math.Round(float64(t.Sub(start))*ppm*1e-6)))
	}, nil
}

// LogFakeClock says loudly that this process believes a clock that isn't the machine's.
func LogFakeClock(fake string, log *slog.Logger) {
	if fake != "" {
		log.Warn("fake_clock", "clock", fake, "reason", "DOWNBEAT_FAKE_CLOCK: this process believes a clock that isn't this machine's; it is for tests alone")
	}
}
