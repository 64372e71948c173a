package main

import (
	"fmt"
	"log/slog"
	"net/netip"
	"slices"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/internal/httplimit"
)

// connectionFlags bound how many connections there are.
type connectionFlags struct {
	MaxConnections int `placeholder:"N" help:"Connections over HTTP that may be open at once, WebSockets included. Default: from the number of files that the process may have open, 16384 at most."`
	MaxPerAddress  int `name:"max-connections-per-address" default:"1500" help:"How many of them may come from one IPv4 address or one IPv6 network of 64 bits, at most three quarters of all. Proxies that are trusted are exempt."`
}

// connectionLimits are those of one instance; 0 is no limit.
type connectionLimits struct{ all, perAddress int }

const (
	// otherFiles is how many files the store, the listeners and the logs may have open.
	otherFiles = 64
	// filesOf is how many one connection may have open: itself, and the file that comes or goes over it.
	filesOf = 2
	// mostConnections bounds the default.
	mostConnections = 16384
)

// limits returns what the flags come to.
func (f *connectionFlags) limits() (connectionLimits, error) {
	files := openFiles()
	all := f.MaxConnections
	switch {
	case all < 0 || f.MaxPerAddress <= 0:
		return connectionLimits{}, fmt.Errorf("--max-connections %d and --max-connections-per-address %d: they must be positive", all, f.MaxPerAddress)
	case all > files-otherFiles:
		return connectionLimits{}, fmt.Errorf("--max-connections %d: this process may have %d files open, of which it needs %d itself (ulimit -n)", all, files, otherFiles)
	case all == 0:
		all = max(16, min((files-otherFiles)/filesOf, mostConnections))
	}
	return connectionLimits{all, min(f.MaxPerAddress, max(1, all*3/4))}, nil
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
