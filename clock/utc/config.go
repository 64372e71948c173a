package utc

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Config sets a Discipline up. Servers, Source and Now are required.
type Config struct {
	Servers []string         // host, host:port or [IPv6]:port, each once
	Source  *clock.Source    // what is steered; by nobody else
	Now     func() time.Time // what Source was made with
	// Step calls its argument if session time may be stepped now, and reports whether
	// it did; nothing that must not see a step may begin before it returns. It must
	// not call the Discipline. nil: session time is never stepped.
	Step func(step func()) bool
	// Steers reports whether session time is to be steered, asked each time; else the servers
	// are only listened to. nil: it is.
	Steers func() bool
	Log    *slog.Logger // nil: silence

	MinPoll     time.Duration // between two queries of a server; 0: 16 s
	MaxPoll     time.Duration // the same while all is well; 0: 256 s
	Burst       int           // queries at the start; 0: 6
	BurstGap    time.Duration // between them; 0: 2 s
	Timeout     time.Duration // of a query; 0: 2 s
	MaxDistance time.Duration // a server's root distance; 0: 1.5 s
}

// maxServers bounds the servers: more add queries, but no certainty.
const maxServers = 16

// ready returns the configuration with its defaults, or what is wrong with it.
func (c Config) ready() (Config, error) {
	if len(c.Servers) == 0 || len(c.Servers) > maxServers {
		return c, fmt.Errorf("utc: %d servers: there must be 1 to %d", len(c.Servers), maxServers)
	}
	if c.Source == nil || c.Now == nil {
		return c, errors.New("utc: Config needs Source and Now")
	}
	seen := map[string]bool{}
	for _, address := range c.Servers {
		if err := checkAddress(address); err != nil {
			return c, err
		}
		if seen[strings.ToLower(address)] {
			return c, fmt.Errorf("utc: server %s is there twice: it has one vote", address)
		}
		seen[strings.ToLower(address)] = true
	}
	if c.Step == nil {
		c.Step = func(func()) bool { return false }
	}
	if c.Steers == nil {
		c.Steers = func() bool { return true }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{
		{&c.MinPoll, 16 * time.Second},
		{&c.MaxPoll, 256 * time.Second},
		{&c.BurstGap, 2 * time.Second},
		{&c.Timeout, 2 * time.Second},
		{&c.MaxDistance, 1500 * time.Millisecond},
	} {
		if *d.value <= 0 {
			*d.value = d.usual
		}
	}
	if c.Burst <= 0 {
		c.Burst = 6
	}
	c.MaxPoll = max(c.MaxPoll, c.MinPoll)
	return c, nil
}

// checkAddress refuses what can't be a host with or without a port.
func checkAddress(address string) error {
	host := address
	if h, port, err := net.SplitHostPort(address); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("utc: server %q: the port must be 1 to 65535", address)
		}
		host = h
	}
	if inside, ok := strings.CutPrefix(host, "["); ok {
		host = strings.TrimSuffix(inside, "]")
	}
	_, noAddress := netip.ParseAddr(host)
	if host == "" || strings.ContainsAny(host, " /@[]\t\r\n\x00") || strings.Contains(host, ":") && noAddress != nil {
		return fmt.Errorf("utc: server %q: not a host or host:port", address)
	}
	return nil
}
