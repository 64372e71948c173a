package exec

import (
	"cmp"
	"context"
	"fmt"
	"mime"
	"os"
	"path/filepath"
	"slices"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/wire"
)

// makeRoom makes a directory for the recording.
func (r *run) makeRoom(in string) (err error) {
	if r.dir, err = os.MkdirTemp(in, "downbeat-take-"); err != nil {
		return fmt.Errorf("there is no room for a recording: %w", err)
	}
	r.out = filepath.Join(r.dir, "recording")
	return nil
}

// recordOutput makes what the command writes to its standard output the recording.
func (r *run) recordOutput() error {
	f, err := os.Create(r.out)
	if err != nil {
		return err
	}
	r.cmd.Stdout = f
	return nil
}

// discard removes what the run has on the disk.
func (r *run) discard() {
	if f, ok := r.cmd.Stdout.(*os.File); ok && r.dir != "" {
		_ = f.Close()
	}
	if r.dir != "" {
		_ = os.RemoveAll(r.dir)
	}
}

// recorded returns the recording's file; the largest where there are several, an error where there is none that
// has anything in it.
func (r *run) recorded() (name string, err error) {
	if r.dir == "" {
		return "", fmt.Errorf("there is no file")
	}
	names, err := filepath.Glob(r.out + "*")
	if err != nil {
		return "", err
	}
	size := func(name string) int64 {
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			return 0
		}
		return info.Size()
	}
	names = slices.DeleteFunc(names, func(name string) bool { return size(name) == 0 })
	if len(names) == 0 {
		return "", fmt.Errorf("it recorded nothing")
	}
	return slices.MaxFunc(names, func(a, b string) int { return cmp.Compare(size(a), size(b)) }), nil
}

// keep tells the session when the recording began, if it doesn't know that yet, and that it is over, and uploads it.
func (p *Program) keep(ctx context.Context, d *device.Device, r *run, over clock.SessionTime) error {
	select {
	case <-r.stopped:
		over = r.stopAt
	default:
	}
	name, err := r.recorded()
	if err != nil {
		p.tell(ctx, d, wire.RecordingFailed, func() error { return d.RecordingFailed(ctx, r.act.RecordingID) })
		r.discard()
		return err
	}
	// Where the command didn't say when its first frame came, it came at some time between the release and the end;
	// nor does it say when its last one did.
	unknown := max(over.Sub(r.act.At), 0) + r.act.Bound
	p.tell(ctx, d, wire.RecordingStarted, func() error { return d.RecordingStarted(ctx, r.act.RecordingID, r.act.At, unknown) })
	p.tell(ctx, d, wire.RecordingStopped, func() error { return d.RecordingStopped(ctx, r.act.RecordingID, over, unknown) })
	if err := upload(ctx, d, r.act.RecordingID, name); err != nil {
		p.cfg.Log.Warn("recording_kept", "take", r.act.CommandID, "recording", r.act.RecordingID, "file", name, "err", err)
		return fmt.Errorf("the recording isn't uploaded, and stays in %s: %w", name, err)
	}
	r.discard()
	return nil
}

// tell tells the session something of a recording, until it has answered or ctx ends.
func (p *Program) tell(ctx context.Context, d *device.Device, event string, report func() error) {
	if err := report(); err != nil && ctx.Err() == nil {
		p.cfg.Log.Warn("report_failed", "event", event, "err", err)
	}
}

func upload(ctx context.Context, d *device.Device, recordingID, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return d.Upload(ctx, recordingID, filepath.Base(name), mime.TypeByExtension(filepath.Ext(name)), f, info.Size())
}
