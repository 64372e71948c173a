package exec

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/wire"
)

// What a command says of its first frame is believed when it is at most so old, and two clocks of one machine
// are at most so far apart in rate.
const (
	mostAge  = time.Minute
	mostRate = 1e-3
)

// listen reads what a command says on its file 3, a line "first NS BOUND_NS": when its first frame was captured,
// by CLOCK_MONOTONIC, and by how much that may be off.
func (p *Program) listen(ctx context.Context, d *device.Device, r *run) {
	defer r.first.Close()
	lines := bufio.NewScanner(r.first)
	for lines.Scan() {
		var at, bound time.Duration
		if _, err := fmt.Sscanf(lines.Text(), "first %d %d", &at, &bound); err != nil {
			p.cfg.Log.Warn("program_failed", "program", "exec", "command", r.act.CommandID, "err", fmt.Errorf("what it says on file 3 isn't understood: %w", err))
			continue
		}
		if first, bound, ok := sessionTime(d, at, bound); ok && r.act.RecordingID != "" {
			p.tell(ctx, d, wire.RecordingStarted, func() error { return d.RecordingStarted(ctx, r.act.RecordingID, first, bound) })
		}
	}
	_, _ = io.Copy(io.Discard, r.first) // a line that is too long must not stop it
}

// sessionTime returns the session time at a reading of CLOCK_MONOTONIC that may be off by own, and its bound.
func sessionTime(d *device.Device, at, own time.Duration) (t clock.SessionTime, bound time.Duration, ok bool) {
	before := monotonic()
	now, known := d.Clock().Now()
	took := monotonic() - before
	age := before - at
	if !known || age < 0 || age > mostAge || own < 0 || own > mostAge {
		return 0, 0, false
	}
	return now.Add(-age), own + took + time.Duration(float64(age)*mostRate) + d.Clock().Bound(), true
}
