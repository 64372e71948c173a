package exec

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// Take is the name of takes in Config.On.
const Take = "take"

// Config says what is run and when; Command is required.
type Config struct {
	// Command is one for sh. {out} in it stands for the file of a recording, and may be followed by an
	// ending, as in {out}.mp4; it must not be in quotes.
	Command string
	// Waits starts the command as soon as the act is known: it reads a line from its standard input, and acts
	// when that comes. Where its input ends without one it is to do nothing.
	Waits bool
	// On are the acts that it runs for: names of commands, and Take. nil: takes, and all commands but pulse.
	On []string
	// Limit is how long it may run for a command; 0: 1 min. For a take it runs until the stop.
	Limit time.Duration
	// Grace is how long it may take to end after SIGINT, before SIGTERM, and SIGKILL 2 s later; 0: 10 s.
	Grace time.Duration
	// Dir is where recordings are until they are uploaded; empty: a directory for temporary files. One that couldn't be
	// uploaded stays.
	Dir string
	// Stdout gets what it writes for a command, Stderr its errors; nil: nobody.
	Stdout, Stderr io.Writer
	Log            *slog.Logger // nil: silence
}

const (
	pulse       = "pulse" // the silent test
	limit       = time.Minute
	grace       = 10 * time.Second
	toTerminate = 2 * time.Second // from SIGTERM to SIGKILL
)

// Program is a command that a device runs.
type Program struct {
	cfg       Config
	sessionID string
	prepared  chan *run

	mu   sync.Mutex
	take *run // that records
}

// New returns a program that has done nothing yet.
func New(cfg Config) (*Program, error) {
	if strings.TrimSpace(cfg.Command) == "" {
		return nil, errors.New("there is no command")
	}
	cfg.Limit, cfg.Grace = cmp.Or(cfg.Limit, limit), cmp.Or(cfg.Grace, grace)
	if cfg.Limit < 0 || cfg.Grace < 0 {
		return nil, errors.New("a limit must not be negative")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Program{cfg: cfg, prepared: make(chan *run)}, nil
}

// Configure makes a device run the command. Call it before the device is made.
func (p *Program) Configure(cfg *device.Config) {
	p.sessionID = cfg.SessionID
	cfg.Prepare = p.prepare
	cfg.NoRecording = !p.wants(Take)
}

// wants tells whether the command runs for acts of a name.
func (p *Program) wants(name string) bool {
	if p.cfg.On == nil {
		return name != pulse
	}
	return slices.Contains(p.cfg.On, name)
}

// Run reports what became of the command's runs, and uploads what they recorded, until ctx ends; then it
// ends them, and waits for that.
func (p *Program) Run(ctx context.Context, d *device.Device) error {
	var runs sync.WaitGroup
	defer runs.Wait()
	for {
		select {
		case r := <-p.prepared:
			runs.Go(func() { p.follow(ctx, d, r) })
		case <-ctx.Done():
			return nil
		}
	}
}

// prepare is what the device calls when it knows of an act.
func (p *Program) prepare(ctx context.Context, a device.Act) func(device.Act) {
	switch {
	case a.Event == wire.StopRecording && p.wants(Take):
		return func(a device.Act) { p.stop(a) }
	case a.Event == wire.StartRecording && p.wants(Take) && a.RecordingID != "", a.Event == wire.Command && p.wants(a.Name):
		return p.ready(ctx, a)
	}
	return nil
}

// ready starts what waits for the instant.
func (p *Program) ready(ctx context.Context, a device.Act) func(device.Act) {
	r := p.start(ctx, a)
	select {
	case p.prepared <- r:
	case <-ctx.Done():
		r.drop()
		return nil
	}
	return func(a device.Act) {
		r.release(a)
		if a.Event == wire.StartRecording {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.take = r
		}
	}
}

// stop ends the take that is recorded.
func (p *Program) stop(a device.Act) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.take != nil {
		p.take.stop(a)
		p.take = nil
	}
}

// follow sees a run through to its end.
func (p *Program) follow(ctx context.Context, d *device.Device, r *run) {
	if !r.awaitRelease(ctx) {
		return
	}
	records := r.act.RecordingID != ""
	var told sync.WaitGroup
	if r.err == nil {
		told.Go(func() { p.listen(ctx, d, r) })
	}
	err := r.wait(ctx, p.cfg)
	over, _ := d.Clock().Now()
	told.Wait()
	if records {
		err = errors.Join(err, p.keep(ctx, d, r, over))
	}
	if err != nil {
		p.cfg.Log.Warn("program_failed", "program", "exec", "command", r.act.CommandID, "err", err)
		d.SetStatus(session.DeviceStatus{Note: "exec: " + err.Error(), Warnings: []session.Warning{{Code: wire.WarningProgramFailed}}})
		return
	}
	d.SetStatus(session.DeviceStatus{})
}

// environment is what a run is told of its act.
func (p *Program) environment(a device.Act, out string) []string {
	return append(os.Environ(),
		"DOWNBEAT_SESSION="+p.sessionID, "DOWNBEAT_COMMAND="+a.CommandID, "DOWNBEAT_EVENT="+a.Event, "DOWNBEAT_NAME="+a.Name,
		"DOWNBEAT_PAYLOAD="+string(a.Payload), "DOWNBEAT_AT_NS="+nanoseconds(a.Timestamp), "DOWNBEAT_RECORDING="+a.RecordingID, "DOWNBEAT_OUT="+out)
}
