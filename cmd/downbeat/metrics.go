package main

import (
	"context"

	"github.com/downbeat-sync/downbeat/clock/utc"
	"github.com/downbeat-sync/downbeat/metrics"
)

// measure makes the metrics of a service whose parts are yet to be made: they are
// looked at when somebody asks.
func (s *service) measure(ntp bool) *metrics.Metrics {
	cfg := metrics.Config{
		Version:  thisBuild().Version,
		Devices:  func() []metrics.Device { return s.devices.measured() },
		Sessions: func(ctx context.Context) (int, error) { return s.sessions.Count(ctx) },
	}
	if ntp {
		cfg.Time = func() utc.Status { return s.ntp.Status() }
	}
	return metrics.New(cfg)
}

// measured tells what is known of the connected devices' clocks now.
func (d *devices) measured() []metrics.Device {
	d.mu.RLock()
	defer d.mu.RUnlock()
	all := make([]metrics.Device, 0, len(d.byID))
	for _, p := range d.byID {
		s := p.Status()
		all = append(all, metrics.Device{Estimate: s.Estimate, Path: string(s.Path)})
	}
	return all
}
