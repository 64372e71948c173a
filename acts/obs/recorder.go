package obs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/pause"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// tryEvery is how often an OBS that isn't there is tried again.
const tryEvery = time.Second

// Recorder has an OBS record a session's takes. Its files stay where OBS puts them.
type Recorder struct {
	url, password string
	log           *slog.Logger
	failed        chan error // of a request; holds one

	mu   sync.Mutex
	conn *conn // nil while there is none
}

// New returns a Recorder of the OBS at an address such as ws://127.0.0.1:4455, which needn't be there yet; password
// may be empty where OBS asks for none, and nil as a log is silence.
func New(to, password string, log *slog.Logger) (*Recorder, error) {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "ws" && u.Scheme != "wss" || u.Host == "" || u.User != nil {
		return nil, errors.New("the address isn't like ws://HOST:PORT, without a password in it")
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Recorder{url: u.String(), password: password, log: log, failed: make(chan error, 1)}, nil
}

// Configure makes a device tell of takes. Call it before the device is made.
func (r *Recorder) Configure(cfg *device.Config) {
	cfg.NoRecording = true // its files aren't uploaded
	prepare := cfg.Prepare
	cfg.Prepare = func(ctx context.Context, a device.Act) func(device.Act) {
		switch a.Event {
		case wire.StartRecording:
			return func(device.Act) { r.have("StartRecord") }
		case wire.StopRecording:
			return func(device.Act) { r.have("StopRecord") }
		}
		if prepare != nil {
			return prepare(ctx, a)
		}
		return nil
	}
}

// have has OBS do something now.
func (r *Recorder) have(request string) {
	r.mu.Lock()
	c := r.conn
	r.mu.Unlock()
	err := error(refused(request + ": OBS isn't there"))
	if c != nil {
		err = c.call(request)
	}
	if err != nil {
		select {
		case r.failed <- err:
		default: // one is to be told already
		}
	}
}

// Run keeps the connection, and says in the device's status how it goes, until ctx ends.
func (r *Recorder) Run(ctx context.Context, d *device.Device) error {
	away := ""
	for ctx.Err() == nil {
		err := r.attend(ctx, d)
		if ctx.Err() != nil {
			break
		}
		if says := err.Error(); says != away {
			r.log.Warn("program_away", "program", "obs", "addr", r.url, "err", err)
			away = says
		}
		d.SetStatus(session.DeviceStatus{Note: fmt.Sprintf("obs: at %s: %v", r.url, err), Warnings: []session.Warning{{Code: wire.WarningProgramAway}}})
		pause.For(ctx, tryEvery)
	}
	return nil
}

// attend is connected to an OBS until that goes, or ctx ends.
func (r *Recorder) attend(ctx context.Context, d *device.Device) error {
	c, err := dial(ctx, r.url, r.password)
	if err != nil {
		return err
	}
	r.use(c)
	defer c.close()
	defer r.use(nil)
	defer context.AfterFunc(ctx, func() { _ = c.ws.Close() })()
	d.SetStatus(session.DeviceStatus{Camera: "ready"})
	for {
		select {
		case e, ok := <-c.events:
			if !ok {
				return fmt.Errorf("OBS has gone: %w", c.err)
			}
			r.tell(d, e)
		case err := <-r.failed:
			r.log.Warn("program_failed", "program", "obs", "err", err)
			d.SetStatus(session.DeviceStatus{Note: "obs: " + err.Error(), Warnings: []session.Warning{{Code: wire.WarningProgramFailed}}})
		case <-ctx.Done():
			return nil
		}
	}
}

func (r *Recorder) use(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conn = c
}

// tell says in the device's status what OBS records.
func (r *Recorder) tell(d *device.Device, e event) {
	if e.Type != "RecordStateChanged" {
		return
	}
	switch e.Data.State {
	case "OBS_WEBSOCKET_OUTPUT_STARTED":
		d.SetStatus(session.DeviceStatus{Camera: "recording", Note: "obs records"})
	case "OBS_WEBSOCKET_OUTPUT_STOPPED":
		r.log.Info("recorded", "program", "obs", "file", e.Data.Path)
		d.SetStatus(session.DeviceStatus{Camera: "ready", Note: "obs: " + e.Data.Path})
	}
}
