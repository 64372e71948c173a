package server

import (
	"cmp"
	"log/slog"
	"net/netip"
	"slices"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/internal/httplimit"
)

// connectionLimits are those of one instance; 0 is no limit.
type connectionLimits struct{ all, perAddress int }

const (
	// otherFiles is how many files the store, the listeners and the logs may have open.
	otherFiles = 64
	// filesOf is how many one connection may have open: itself, and the file that comes or goes over it.
	filesOf = 2
	// mostConnections bounds the default.
	mostConnections = 16384
	// mostPerAddress is how many one address has by default.
	mostPerAddress = 1500
)

// connections returns what the settings come to.
func (c *Config) connections() (connectionLimits, error) {
	files := openFiles()
	all, perAddress := c.MaxConnections, cmp.Or(c.MaxPerAddress, mostPerAddress)
	switch {
	case all < 0 || perAddress < 0:
		return connectionLimits{}, wrong("{MaxConnections} %d and {MaxPerAddress} %d: they must be positive", all, perAddress)
	case all > files-otherFiles:
		return connectionLimits{}, wrong("{MaxConnections} %d: this process may have %d files open, of which it needs %d itself (ulimit -n)", all, files, otherFiles)
	case all == 0:
		all = max(16, min((files-otherFiles)/filesOf, mostConnections))
	}
	return connectionLimits{all, min(perAddress, max(1, all*3/4))}, nil
}

// listener returns the limits of the connections that are accepted.
func (c connectionLimits) listener(proxies []netip.Prefix, log *slog.Logger) httplimit.Config {
	return httplimit.Config{
		Connections: c.all, PerAddress: c.perAddress, Log: log,
		Group: func(a netip.Addr) netip.Prefix {
			if slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(a.WithZone("")) }) {
				return netip.Prefix{}
			}
			return access.Network(a)
		},
	}
}

// mostWebRTC bounds how many connections WebRTC has over TCP.
const mostWebRTC = 1024

// webRTC returns how many connections WebRTC may have over TCP, beside some over HTTP: only
// devices whose UDP is blocked need them.
func webRTC(connections int) int {
	if connections == 0 {
		return mostWebRTC
	}
	return min(max(16, connections/8), mostWebRTC)
}

// webSockets returns how many of some connections may be WebSockets, which stay: the others
// keep room for requests.
func webSockets(connections int) int { return connections - connections/5 }
