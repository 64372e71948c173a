package chronysock

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/device"
)

const (
	// MostBound is the 99 % bound of session time above which nothing is sent.
	MostBound = 5 * time.Millisecond

	every = 250 * time.Millisecond // between samples: chronyd takes the median of those of a poll
)

// sessionClock is session time as a device knows it.
type sessionClock interface {
	Now() (now clock.SessionTime, known bool)
	Bound() time.Duration
}

// Program feeds the session time of a device.
type Program struct {
	path string
	log  *slog.Logger
}

// New returns a Program that feeds the socket at path. It fails where chronyd can't be fed.
func New(path string, log *slog.Logger) (*Program, error) {
	if !supported {
		return nil, errors.New("--chrony-sock: only on machines of 64 bits")
	}
	return &Program{path, log}, nil
}

// Configure gives the device a clock that chronyd doesn't steer.
func (p *Program) Configure(cfg *device.Config) { cfg.Now = Steady }

// Run feeds chronyd until ctx ends.
func (p *Program) Run(ctx context.Context, d *device.Device) error {
	feed(ctx, p.path, d.Clock(), p.log)
	return nil
}

// feeder sends samples to a socket that chronyd may make later, or again.
type feeder struct {
	path   string
	clock  sessionClock
	log    *slog.Logger
	conn   net.Conn
	failed bool // and it was said
	sample []byte
}

// feed sends session time to chronyd's socket at path until ctx ends. It waits for chronyd to be there.
func feed(ctx context.Context, path string, c sessionClock, log *slog.Logger) {
	f := feeder{path: path, clock: c, log: log}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			f.hangUp()
			return
		case <-ticker.C:
			f.once()
		}
	}
}

// once sends one sample, if session time is known well enough.
func (f *feeder) once() {
	system, offset, ok := compare(f.clock.Now, time.Now)
	if !ok || f.clock.Bound() > MostBound {
		return
	}
	f.sample = appendSample(f.sample[:0], system, offset)
	switch err := f.send(); {
	case err != nil && !f.failed:
		f.failed = true
		f.log.Warn("chrony_not_reached", "err", err)
	case err == nil && f.failed:
		f.failed = false
		f.log.Info("chrony_reached", "offset_ms", float64(offset)/float64(time.Millisecond))
	}
}

func (f *feeder) send() (err error) {
	if f.conn == nil {
		if f.conn, err = net.Dial("unixgram", f.path); err != nil {
			f.conn = nil
			return err
		}
	}
	if _, err = f.conn.Write(f.sample); err != nil {
		f.hangUp() // chronyd has ended: its next socket is another one
	}
	return err
}

func (f *feeder) hangUp() {
	if f.conn != nil {
		_ = f.conn.Close()
		f.conn = nil
	}
}
