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
	Prefix string     // the path that a proxy says it is asked for below; not looked at
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
	case hasF && f != x:
		asked = direct
	}
	if prefix := r.Header.Values("X-Forwarded-Prefix"); len(prefix) == 1 {
		asked.Prefix = prefix[0]
	}
	return asked
}

// Address returns whom a request comes from: [Asked.Addr].
func Address(r *http.Request, trusted []netip.Prefix) netip.Addr { return Forwarded(r, trusted).Addr }

// hop is what one proxy says of the request that it got.
type hop struct{ from, proto, host string }

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
		hops[i] = hop{nth(from, back), nth(proto, back), nth(host, back)}
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

// list returns the values of a header in their order, over all of its lines.
func list(h http.Header, name string) (values []string) {
	for _, line := range h.Values(name) {
		for v := range strings.SplitSeq(line, ",") {
			values = append(values, unquoted(strings.TrimSpace(v)))
		}
	}
	return values
}

// byForwarded reads Forwarded. A header that isn't as RFC 7239 has it says nothing.
func byForwarded(h http.Header, asked Asked, trusted []netip.Prefix) (Asked, bool) {
	lines := h.Values("Forwarded")
	if len(lines) == 0 {
		return asked, false
	}
	var hops []hop
	for _, element := range cut(strings.Join(lines, ","), ',') {
		var of hop
		for _, pair := range cut(element, ';') {
			name, value, _ := strings.Cut(pair, "=")
			value = unquoted(strings.TrimSpace(value))
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "for":
				of.from = value
			case "proto":
				of.proto = value
			case "host":
				of.host = value
			}
		}
		hops = append(hops, of)
	}
	return walk(hops, asked, trusted), true
}

// cut splits at a separator that isn't within quotes.
func cut(s string, at byte) (parts []string) {
	from, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == '\\' && quoted:
			i++
		case s[i] == at && !quoted:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}

// unquoted is the value of a quoted string, or s.
func unquoted(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' && i+1 < len(s)-1 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// walk goes from the nearest proxy to the first one that isn't trusted: that is the client. Where a proxy
// doesn't tell an address (unknown, or a name of its own), nothing before it is known.
func walk(hops []hop, asked Asked, trusted []netip.Prefix) Asked {
	for i := len(hops) - 1; i >= 0 && isTrusted(asked.Addr, trusted); i-- {
		if scheme := schemeOf(hops[i].proto); scheme != "" {
			asked.Scheme = scheme
		}
		if HostName(hops[i].host) != "" {
			asked.Host = hops[i].host
		}
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

// parseHop reads an address with or without a port, brackets and zone.
func parseHop(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		at, failed := netip.ParseAddrPort(s)
		if addr, err = at.Addr(), failed; err != nil {
			return netip.Addr{}, false
		}
	}
	return addr.Unmap().WithZone(""), true
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
