package server

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/downbeat-sync/downbeat/api"
	"github.com/downbeat-sync/downbeat/clock/utc"
	"github.com/downbeat-sync/downbeat/metrics"
	"github.com/downbeat-sync/downbeat/reference"
	"github.com/downbeat-sync/downbeat/store"
)

// newKeeper makes what keeps this instance's session time at that of the others on its store; nil
// where there can't be any.
func (s *Server) newKeeper() (*reference.Keeper, error) {
	if s.store == nil || !s.store.Shared() {
		return nil, nil
	}
	return reference.New(reference.Config{
		Instance: s.cfg.Instance, Addresses: s.askedAt(), Source: s.clock, Now: s.cfg.Now,
		Store: leaseStore{s.store}, Ask: s.store.Ask, Alone: s.store.Alone, Place: place(s.sockets.udp.LocalAddr()), Step: s.devices.beforeFirst, UTC: s.stratum, Log: s.log,
		Send: func(b []byte, to netip.AddrPort) error {
			_, err := s.sockets.udp.WriteTo(b, net.UDPAddrFromAddrPort(to))
			return err
		},
	})
}

// hearOthers lets the sessions know of the clocks of other instances' devices.
func (s *Server) hearOthers() {
	if s.keeper != nil {
		s.devices.others = &qualities{
			instance: s.cfg.Instance, net: s.store, shared: s.sessions.Shared, own: s.devices.own, now: time.Now, log: s.log,
			others: map[string]distant{},
		}
	}
}

// fromInstance gets each packet of the UDP socket first, and reports whether it was another instance's.
func (s *Server) fromInstance(b []byte, from netip.AddrPort) bool {
	if !s.keeping.Load() {
		return false
	}
	return s.keeper.Packet(b, func(answer []byte) { _, _ = s.sockets.udp.WriteTo(answer, net.UDPAddrFromAddrPort(from)) })
}

// runKeeper keeps session time at the other instances' until ctx ends. It begins once NTP
// had its chance to step: afterwards others may follow.
func (s *Server) runKeeper(ctx context.Context, group *errgroup.Group) {
	if s.keeper == nil {
		return
	}
	s.keeping.Store(true)
	group.Go(func() error { s.keeper.Run(ctx); return nil })
	group.Go(func() error { s.disks.Run(ctx); return nil })
	group.Go(func() error { s.shareSetup(ctx); return nil })
	if s.ntp != nil {
		group.Go(func() error { s.watchReference(ctx); return nil })
	}
	group.Go(func() error { s.devices.others.run(ctx); return nil })
	group.Go(func() error { return s.store.Serve(ctx, s.sessions.Instance(), s.keeper.Answer) })
}

// compareEvery is how often a follower holds the reference against its own NTP servers.
const compareEvery = 30 * time.Second

// watchReference says when the reference's session time isn't where this instance's own NTP servers
// have UTC, until ctx ends.
func (s *Server) watchReference(ctx context.Context) {
	said := false
	ticker := time.NewTicker(compareEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		utcs, own := s.ntp.Status(), s.keeper.Status()
		off := contradiction(utcs, own)
		if off != 0 && !said {
			s.log.Warn("reference_contradicted", "off_ms", ms(utcs.Offset), "distance_ms", ms(utcs.RootDistance))
		}
		said = off != 0
	}
}

// contradiction returns how far the reference's session time is outside of where UTC can be by this
// instance's NTP servers; 0 when it isn't, or can't be told.
func contradiction(utcs utc.Status, own reference.Status) time.Duration {
	if own.Holds || own.Path == "" || utcs.State != utc.NTP {
		return 0
	}
	within := utcs.RootDistance - utcs.Offset.Abs() // half of where UTC can be
	return max(0, utcs.Offset.Abs()-within-own.Off.Bound-own.Behind.Abs())
}

// mayFollowUTC reports whether this instance is the one that --ntp steers.
func (s *Server) mayFollowUTC() bool { return !s.keeping.Load() || s.keeper.Holds() }

// stepToUTC is the discipline's Step: no more once other instances may follow this one.
func (s *Server) stepToUTC(f func()) bool {
	stepped := false
	return !s.keeping.Load() && s.devices.beforeFirst(func() { stepped = s.stepTo(f) }) && stepped
}

// followedReference tells how session time is that of the other instances; nil where there can't be any.
func (s *Server) followedReference() *api.ReferenceStatus {
	if s.keeper == nil {
		return nil
	}
	st := s.keeper.Status()
	return &api.ReferenceStatus{
		Instance: st.Reference, Self: st.Holds, Stratum: int(st.Stratum), Path: st.Path, BoundMs: ms(st.Off.Bound), HardMs: ms(st.Off.Hard),
		BehindMs: ms(st.Behind), Followers: st.Asking, Why: st.Why,
	}
}

// measuredReference is the same for the metrics.
func (s *Server) measuredReference() metrics.Reference {
	if s.keeper == nil {
		return metrics.Reference{}
	}
	st := s.keeper.Status()
	return metrics.Reference{
		Shared: true, Holds: st.Holds, Heard: st.Path != "", Stratum: st.Stratum, Bound: st.Off.Bound, Hard: st.Off.Hard, Refused: st.Refused, Stale: st.Stale,
	}
}

// unready tells why this instance should get no new devices; empty if it may.
func (s *Server) unready() string {
	if s.draining.Load() {
		return "this instance goes away"
	}
	if s.outdated.Load() {
		return "a newer version of Downbeat uses the store"
	}
	if s.keeper == nil {
		return ""
	}
	if why := s.keeper.Ready(); why != "" {
		return "session time: " + why
	}
	return ""
}

// starting reports whether session time isn't known yet.
func (s *Server) starting() bool {
	if s.keeper == nil {
		return false
	}
	select {
	case <-s.keeper.Known():
		return false
	default:
		return true
	}
}

// stratum is what this instance is as the reference, and how far UTC may be; negative where
// that isn't known.
func (s *Server) stratum() (uint8, time.Duration) {
	if s.ntp == nil {
		return 1, -1
	}
	st := s.ntp.Status()
	if st.State == utc.Local {
		return 1, -1
	}
	best := 15
	for _, server := range st.Servers {
		if server.Used {
			best = min(best, server.Stratum)
		}
	}
	return uint8(min(best+1, 15)), st.RootDistance
}

// askedAt returns where questions of the other instances arrive.
func (s *Server) askedAt() []netip.AddrPort {
	if udp, ok := s.sockets.udp.LocalAddr().(*net.UDPAddr); ok {
		return reachable(udp.IP, udp.Port, s.cfg.Advertise)
	}
	return nil
}

// reachable returns where what is sent to a socket arrives: at its address, or at the machine's, and at
// those that are advertised.
func reachable(at net.IP, port int, advertise []string) []netip.AddrPort {
	var all []netip.AddrPort
	add := func(ip net.IP) {
		if a, ok := netip.AddrFromSlice(ip); ok {
			all = append(all, netip.AddrPortFrom(a.Unmap(), uint16(port)))
		}
	}
	if !at.IsUnspecified() {
		add(at)
	} else {
		ifaces, _ := net.InterfaceAddrs()
		for _, a := range ifaces {
			if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
				add(n.IP)
			}
		}
		if len(all) == 0 {
			add(net.IPv4(127, 0, 0, 1))
		}
	}
	for _, a := range advertise {
		add(net.ParseIP(a))
	}
	return slices.Compact(all)
}

// leaseStore is the sessions' store as the reference needs it.
type leaseStore struct{ store store.Store }

func (l leaseStore) Get(ctx context.Context, key string) ([]byte, uint64, error) {
	e, err := l.store.Get(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, 0, nil
	}
	return e.Value, e.Revision, err
}

func (l leaseStore) Put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	stored, err := l.store.Put(ctx, key, value, revision)
	if errors.Is(err, store.ErrConflict) {
		err = reference.ErrConflict
	}
	return stored, err
}

func (l leaseStore) Watch(ctx context.Context, key string, changed func(value []byte, revision uint64)) error {
	found := false
	return l.store.Watch(ctx, key, func(e store.Entry) {
		found = true
		if e.Deleted() {
			changed(nil, 0)
			return
		}
		changed(e.Value, e.Revision)
	}, func() {
		if !found {
			changed(nil, 0)
		}
	})
}
