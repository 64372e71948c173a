package server

import (
	"context"
	"crypto/md5"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/clock/utc"
	"github.com/downbeat-sync/downbeat/ntpserver"
	"github.com/downbeat-sync/downbeat/reference"
)

// NTP clients that ask more often than ntpRate a second get no answers, but for ntpBurst at once.
const (
	ntpRate  = 32
	ntpBurst = 64
)

// Strata of a session time that isn't tied to UTC: that of the reference instance, and the last one that there is.
const (
	stratumUntied = 10
	stratumLast   = 15
)

// openNTP makes what tells session time to NTP clients, where it is wanted.
func (s *Server) openNTP(context.Context) error {
	if s.sockets.ntp == nil {
		return nil
	}
	throttle := access.NewThrottle(ntpRate, ntpBurst)
	s.ntpServer = ntpserver.New(ntpserver.Config{
		Conn: s.sockets.ntp, Source: s.clock, Now: s.cfg.Now, Quality: s.ntpQuality,
		Allow: func(addr netip.Addr) bool { return throttle.Allow(addr, time.Now()) },
	})
	return nil
}

// runNTP answers NTP clients until ctx ends.
func (s *Server) runNTP(ctx context.Context, group *errgroup.Group) {
	if s.ntpServer == nil {
		return
	}
	s.log.Info("ntp_ready", "addr", s.NTPAddr().String())
	group.Go(func() error { s.ntpServer.Run(ctx); return nil })
}

// NTPAddr is where NTP clients are answered; nil where they aren't.
func (s *Server) NTPAddr() net.Addr {
	if s.sockets.ntp == nil {
		return nil
	}
	return s.sockets.ntp.LocalAddr()
}

// ntpQuality is what NTP clients are told of session time.
func (s *Server) ntpQuality() ntpserver.Quality {
	var utcs utc.Status
	if s.ntp != nil {
		utcs = s.ntp.Status()
	}
	if s.keeper == nil {
		return qualityAlone(utcs)
	}
	return qualityAmong(utcs, s.keeper.Status())
}

// qualityAlone is that of the only instance: as far from UTC as its NTP servers say, the leap seconds that session time
// doesn't follow included. Without them session time is what it is itself: nothing is said of UTC.
func qualityAlone(utcs utc.Status) ntpserver.Quality {
	if utcs.State == "" || utcs.State == utc.Local {
		return ntpserver.Quality{Stratum: stratumUntied, Reference: [4]byte{'L', 'O', 'C', 'L'}}
	}
	best, at := stratumLast, ""
	for _, server := range utcs.Servers {
		if server.Used && server.Stratum < best {
			best, at = server.Stratum, server.Address
		}
	}
	return ntpserver.Quality{
		Stratum: uint8(min(best+1, stratumLast)), Reference: referenceID(at), Dispersion: utcs.RootDistance + utcs.Leaps.Abs(),
	}
}

// qualityAmong is that of one of several instances: the reference's, and by how much this one may be off that.
func qualityAmong(utcs utc.Status, own reference.Status) ntpserver.Quality {
	if !own.Known {
		return ntpserver.Quality{}
	}
	if own.Holds {
		q := qualityAlone(utcs)
		q.Dispersion += own.Off.Hard
		return q
	}
	q := ntpserver.Quality{Stratum: stratumLast, Reference: referenceID(own.Reference), Dispersion: own.Off.Hard}
	switch {
	case own.Path == "":
	case own.Distance < 0: // the reference isn't tied to UTC
		q.Stratum = min(stratumUntied-1+own.Stratum, stratumLast)
	default:
		q.Stratum = min(own.Stratum, stratumLast)
		q.Dispersion += own.Distance
	}
	return q
}

// referenceID identifies where the time comes from, as RFC 5905 does it: an IPv4 address as it is, of anything else the
// first bytes of its MD5.
func referenceID(from string) [4]byte {
	host := from
	if h, _, err := net.SplitHostPort(from); err == nil {
		host = h
	}
	addr, err := netip.ParseAddr(host)
	switch {
	case err == nil && addr.Unmap().Is4():
		return addr.Unmap().As4()
	case err == nil:
		b := addr.As16()
		sum := md5.Sum(b[:])
		return [4]byte(sum[:4])
	}
	sum := md5.Sum([]byte(host))
	return [4]byte(sum[:4])
}
