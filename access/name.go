package access

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// maxName bounds host:port in bytes, so that bringing it into its one spelling costs little.
const maxName = 1024

// HostName returns the name or address in host or host:port in its one spelling: without a port, brackets
// and a dot at its end, in lower case, as it is asked for in the DNS. It is empty for what is no host.
func HostName(hostport string) string {
	if len(hostport) > maxName {
		return ""
	}
	host := hostport
	if h, port, err := net.SplitHostPort(hostport); err == nil {
		if strings.Trim(port, "0123456789") != "" {
			return ""
		}
		host = h
	}
	if addr, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return addr.WithZone("").String()
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil {
		ascii = strings.ToLower(plainName(host))
	}
	ascii = strings.TrimSuffix(ascii, ".")
	if strings.Contains("."+ascii+".", "..") {
		return ""
	}
	return ascii
}

// plainName returns a name that IDNA doesn't take but people use, such as my_server; empty for what is none.
func plainName(host string) string {
	for i := range len(host) {
		c := host[i] | 0x20
		if (c < 'a' || c > 'z') && (host[i] < '0' || host[i] > '9') && !strings.ContainsRune("-._", rune(host[i])) {
			return ""
		}
	}
	return host
}

// SameHost reports whether two of host and host:port name the same place for a scheme, whose
// port may be left out.
func SameHost(a, b, scheme string) bool {
	name := HostName(a)
	return name != "" && name == HostName(b) && portFor(a, scheme) == portFor(b, scheme)
}

func portFor(hostport, scheme string) string {
	port := portOf(hostport)
	if scheme == "https" && port == "443" || scheme == "http" && port == "80" {
		return ""
	}
	return port
}

// SameOrigin reports whether two origins are the same, however they are spelled.
func SameOrigin(a, b string) bool {
	u, bad := url.Parse(a)
	v, worse := url.Parse(b)
	return bad == nil && worse == nil && strings.EqualFold(u.Scheme, v.Scheme) && u.Scheme != "" &&
		SameHost(u.Host, v.Host, strings.ToLower(u.Scheme))
}
