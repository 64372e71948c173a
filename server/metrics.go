package server

import (
	"context"

	"github.com/downbeat-sync/downbeat/clock/utc"
	"github.com/downbeat-sync/downbeat/metrics"
	"github.com/downbeat-sync/downbeat/ntpserver"
)

// measure makes the metrics of a Server whose parts are yet to be made: they are
// looked at when somebody asks.
func (s *Server) measure() *metrics.Metrics {
	cfg := metrics.Config{
		Version:  s.cfg.version(),
		Devices:  func() []metrics.Device { return s.devices.measured() },
		Sessions: func(ctx context.Context) (int, error) { return s.sessions.Count(ctx) },
	}
	cfg.Reference = s.measuredReference
	if len(s.cfg.NTP) > 0 {
		cfg.Time = func() utc.Status { return s.ntp.Status() }
	}
	cfg.Connections = s.connections
	if s.cfg.NTPListen != "" {
		cfg.NTPClients = func() map[ntpserver.Outcome]uint64 { return s.ntpServer.Counts() }
	}
	if s.cfg.Data != "" && s.bucket == nil {
		cfg.Disk = func() (metrics.Disk, error) {
			space, err := s.storage.uploads.Space()
			return metrics.Disk{Open: space.Open, Free: space.Free, Reserve: space.Reserve}, err
		}
	}
	return metrics.New(cfg)
}

// connections tells how many there are over HTTP.
func (s *Server) connections() metrics.Connections {
	n := metrics.Connections{WebSockets: s.signal.WebSockets()}
	if l := s.accepted.Load(); l != nil {
		of := l.Counts()
		n.Open, n.Refused, n.Closed = of.Open, of.Refused, of.Closed
	}
	return n
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
