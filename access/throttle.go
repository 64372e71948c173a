package access

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxAddresses bounds what a Throttle remembers.
const maxAddresses = 4096

// Throttle limits how often something may come from each address. An IPv6
// network of 64 bits counts as one. Addresses beyond what is remembered share one
// limit. Its methods are safe for concurrent use.
type Throttle struct {
	limit rate.Limit
	burst int

	mu     sync.Mutex
	of     map[netip.Prefix]*rate.Limiter
	others *rate.Limiter
	swept  time.Time // when addresses were forgotten last
}

// sweepEvery keeps a crowd of addresses from making each call look at all of them.
const sweepEvery = time.Second

// NewThrottle returns one that lets limit through a second, and burst at once.
func NewThrottle(limit rate.Limit, burst int) *Throttle {
	return &Throttle{limit: limit, burst: burst, of: map[netip.Prefix]*rate.Limiter{}, others: rate.NewLimiter(limit, burst)}
}

// Allow counts one from addr and says whether it may go on.
func (t *Throttle) Allow(addr netip.Addr, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.limiter(addr, now).AllowN(now, 1)
}

// Spent says whether nothing may come from addr now; it counts nothing.
func (t *Throttle) Spent(addr netip.Addr, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l := t.of[Network(addr)]; l != nil {
		return l.TokensAt(now) < 1
	}
	return len(t.of) >= maxAddresses && t.others.TokensAt(now) < 1
}

func (t *Throttle) limiter(addr netip.Addr, now time.Time) *rate.Limiter {
	at := Network(addr)
	if l := t.of[at]; l != nil {
		return l
	}
	if len(t.of) >= maxAddresses && now.Sub(t.swept) >= sweepEvery {
		t.swept = now
		t.forget(now)
	}
	if len(t.of) >= maxAddresses {
		return t.others
	}
	l := rate.NewLimiter(t.limit, t.burst)
	t.of[at] = l
	return l
}

// forget drops the addresses of which nothing was heard for long: they are as new.
func (t *Throttle) forget(now time.Time) {
	for at, l := range t.of {
		if l.TokensAt(now) >= float64(t.burst) {
			delete(t.of, at)
		}
	}
}

// Network returns what counts as one address: an IPv4 address, or an IPv6 network of 64 bits.
func Network(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	p, _ := addr.Prefix(bits)
	return p
}
