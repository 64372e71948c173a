package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/downbeat-sync/downbeat/upload"
)

const (
	// diskEvery is how often the room on the disk is looked at.
	diskEvery = 30 * time.Second
	// diskMargin is how much more than the reserve must be free for nobody to be warned, at least.
	diskMargin = 1 << 30
)

// diskState says how much room there is.
type diskState string

const (
	diskWell diskState = "disk_well"
	diskLow  diskState = "disk_low"  // less than twice the reserve, or less than diskMargin beside it
	diskFull diskState = "disk_full" // uploads are refused
)

func stateOfDisk(s upload.Space) diskState {
	switch {
	case s.Free < s.Reserve:
		return diskFull
	case s.Free < s.Reserve+max(s.Reserve, diskMargin):
		return diskLow
	}
	return diskWell
}

// watchDisk logs when room becomes scarce, and when it is there again, until ctx ends.
func watchDisk(ctx context.Context, space func() (upload.Space, error), log *slog.Logger) {
	ticker := time.NewTicker(diskEvery)
	defer ticker.Stop()
	was := diskWell
	for {
		if s, err := space(); err == nil && stateOfDisk(s) != was {
			was = stateOfDisk(s)
			level := map[diskState]slog.Level{diskLow: slog.LevelWarn, diskFull: slog.LevelError}[was]
			log.Log(ctx, level, string(was), "free_bytes", s.Free, "reserve_bytes", s.Reserve)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
