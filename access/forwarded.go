package access

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Asked is who asks, and under which address, as far as the connection and trusted proxies tell.
type Asked struct {
	Addr   netip.Addr // of the client; zero when it can't be told
	Scheme string     // http or https
	Host   string     // as the client asked for it, with the port if it isn't the scheme's
	Prefix string     // the path that proxies say they take off, one behind the other; not looked at
	Told   bool       // a trusted proxy says by which scheme
}

// Forwarded returns who asks. What a trusted proxy says of the request before it counts:
// X-Forwarded-For, -Proto, -Host, -Port and -Prefix, or Forwarded (RFC 7239). As long as a hop is trusted
// the one before it is looked at; a client can write what it likes into the first ones.
//
// A proxy that writes one of the two kinds lets the other pass as the client sent it. So where
// both are there and differ, neither is believed.
func Forwarded(r *http.Request, trusted []netip.Prefix) Asked {
	direct := Asked{Scheme: "http", Host: r.Host}
	if r.TLS != nil {
		direct.Scheme = "https"
	}
	if at, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		direct.Addr = at.Addr().Unmap()
	}
	if !isTrusted(direct.Addr, trusted) {
		return direct
	}
	x, hasX := byXForwarded(r.Header, direct, trusted)
	f, hasF := byForwarded(r.Header, direct, trusted)
	asked := x
	switch {
	case hasF && !hasX:
		asked = f
	case !hasX, hasF && f != x:
		asked = direct
		asked.Prefix = prefixOf(r.Header, 0)
	}
	return asked
}

// Address returns whom a request comes from: [Asked.Addr].
func Address(r *http.Request, trusted []netip.Prefix) netip.Addr { return Forwarded(r, trusted).Addr }

// hop is what one proxy says of the request that it got.
type hop struct{ from, proto, host, prefix string }

// byXForwarded reads the X-Forwarded- headers. The values of several proxies are in lists of which
// the last is the nearest one's; some write their own value over that of others.
func byXForwarded(h http.Header, asked Asked, trusted []netip.Prefix) (Asked, bool) {
	from, proto, host := list(h, "X-Forwarded-For"), list(h, "X-Forwarded-Proto"), list(h, "X-Forwarded-Host")
	port := list(h, "X-Forwarded-Port")
	if len(from)+len(proto)+len(host) == 0 {
		return asked, false
	}
	hops := make([]hop, max(len(from), 1))
	for i := range hops {
		back := len(hops) - 1 - i // from the nearest proxy
		hops[i] = hop{nth(from, back), nth(proto, back), nth(host, back), prefixOf(h, back)}
		if p := nth(port, back); p != "" && hops[i].host != "" && portOf(hops[i].host) == "" {
			hops[i].host += ":" + p
		}
	}
	return walk(hops, asked, trusted), true
}

// nth returns the value that is so many before the last one, or the first one.
func nth(values []string, back int) string {
	if len(values) == 0 {
		return ""
	}
	return values[max(0, len(values)-1-back)]
}

// prefixOf returns the path that the hop takes off which is so many before the nearest; empty for none.
func prefixOf(h http.Header, back int) string {
	values := list(h, "X-Forwarded-Prefix")
	if back >= len(values) {
		return ""
	}
	return strings.TrimRight(values[len(values)-1-back], "/")
}

// list returns the values of a header in their order, over all of its lines.
func list(h http.Header, name string) (values []string) {
	for _, line := range h.Values(name) {
		for v := range strings.SplitSeq(line, ",") {
			values = append(values, unquoted(strings.TrimSpace(v)))
		}
	}
	return values
}

// byForwarded reads Forwarded.
func byForwarded(h http.Header, asked Asked, trusted []netip.Prefix) (Asked, bool) {
	elements := parseForwarded(h.Values("Forwarded"))
	if len(elements) == 0 {
		return asked, false
	}
	hops := make([]hop, 0, len(elements))
	for i, e := range elements {
		hops = append(hops, hop{e["for"], e["proto"], e["host"], prefixOf(h, len(elements)-1-i)})
	}
	return walk(hops, asked, trusted), true
}

// unquoted is the value of a quoted string, or s.
func unquoted(s string) string {
	if quoted, ok := strings.CutPrefix(s, `"`); ok {
		if value, after, ok := cutQuoted(quoted); ok && after == "" {
			return value
		}
	}
	return s
}

// walk goes from the nearest proxy to the first one that isn't trusted: that is the client. Where a proxy
// doesn't tell an address (unknown, or a name of its own), nothing before it is known.
func walk(hops []hop, asked Asked, trusted []netip.Prefix) Asked {
	for i := len(hops) - 1; i >= 0 && isTrusted(asked.Addr, trusted); i-- {
		if scheme := schemeOf(hops[i].proto); scheme != "" {
			asked.Scheme, asked.Told = scheme, true
		}
		if HostName(hops[i].host) != "" {
			asked.Host = hops[i].host
		}
		asked.Prefix = hops[i].prefix + asked.Prefix
		addr, ok := parseHop(hops[i].from)
		if !ok {
			break
		}
		asked.Addr = addr
	}
	return asked
}

// schemeOf is what a proxy's word for the protocol comes to; for a WebSocket some say so.
func schemeOf(proto string) string {
	switch strings.ToLower(proto) {
	case "http", "ws":
		return "http"
	case "https", "wss":
		return "https"
	}
	return ""
}

// parseHop reads an address with or without a port (which may be hidden: _name), brackets and zone.
func parseHop(s string) (netip.Addr, bool) {
	host, port := s, ""
	if inside, bracketed := strings.CutPrefix(s, "["); bracketed {
		var closed bool
		if host, port, closed = strings.Cut(inside, "]"); !closed {
			return netip.Addr{}, false
		}
	} else if at := strings.IndexByte(s, ':'); at >= 0 && at == strings.LastIndexByte(s, ':') {
		host, port = s[:at], s[at:]
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || port != "" && !isHopPort(port) {
		return netip.Addr{}, false
	}
	return addr.Unmap().WithZone(""), true
}

// isHopPort reports whether s is a colon and a port, or a colon and the name of a hidden one.
func isHopPort(s string) bool {
	port, colon := strings.CutPrefix(s, ":")
	hidden := strings.HasPrefix(port, "_") && !strings.ContainsAny(port, ":[]")
	return colon && (hidden || len(port) <= 5 && strings.Trim(port, "0123456789") == "")
}

// ParseNetwork reads a network (10.0.0.0/8) or an address.
func ParseNetwork(s string) (netip.Prefix, bool) {
	if addr, ok := parseHop(s); ok {
		return netip.PrefixFrom(addr, addr.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	if err == nil && p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p, err == nil
}

func isTrusted(addr netip.Addr, trusted []netip.Prefix) bool {
	for _, p := range trusted {
		if p.Contains(addr.WithZone("")) {
			return true
		}
	}
	return false
}

// portOf returns the port of host:port; empty without one.
func portOf(hostport string) string {
	if _, port, err := net.SplitHostPort(hostport); err == nil {
		return port
	}
	return ""
}
