package server

import (
	"context"
	"net/url"
	"time"

	"github.com/downbeat-sync/downbeat/internal/pause"
)

// drainLook is how often it is looked whether anything is still under way.
const drainLook = 50 * time.Millisecond

// finish takes no new devices from now on, and waits for what is under way, until ctx ends or the time for that
// is over.
func (s *Server) finish(ctx context.Context) {
	s.draining.Store(true)
	s.signal.Drain()
	until := time.Now().Add(s.cfg.Drain)
	for told := false; ; told = true {
		left := time.Until(until)
		commands, takes := s.sessions.UnderWay(left)
		uploads := s.storage.busy()
		if commands+takes+uploads == 0 || left <= 0 {
			return
		}
		if !told {
			s.log.Info("server_draining", "commands", commands, "takes", takes, "uploads", uploads, "limit_s", s.cfg.Drain.Seconds())
		}
		if !pause.For(ctx, drainLook) {
			return
		}
	}
}

// busy is how many requests of uploads are being answered.
func (s *storage) busy() int {
	if s == nil {
		return 0
	}
	return s.uploads.Busy()
}

// checkDrain refuses what devices couldn't be sent to.
func (c *Config) checkDrain() error {
	if c.Drain < 0 {
		return wrong("{Drain} %v: it must not be negative", c.Drain)
	}
	if c.DrainTo == "" {
		return nil
	}
	u, err := url.Parse(c.DrainTo)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return wrong("{DrainTo} %s: it is the URL of another instance, such as http://10.0.0.3:8080", c.DrainTo)
	}
	return nil
}
