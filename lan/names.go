package lan

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// LocalName is the name that the server answers to in its network.
const LocalName = "downbeat.local"

// Names are what a server is called: names in lower case, and addresses
// without zones, both sorted.
type Names struct {
	DNS []string
	IPs []netip.Addr
}

// LocalNames returns the names of this machine: its addresses of now, localhost, downbeat.local, the
// machine's own name, and what else it is told, names or addresses.
func LocalNames(more ...string) Names {
	n := Names{DNS: []string{"localhost", LocalName}, IPs: Addresses()}
	if host, err := os.Hostname(); err == nil {
		host = strings.ToLower(host)
		n.DNS = append(n.DNS, host)
		if !strings.Contains(host, ".") {
			n.DNS = append(n.DNS, host+".local")
		}
	}
	for _, m := range more {
		if a, err := netip.ParseAddr(m); err == nil {
			n.IPs = append(n.IPs, a.Unmap().WithZone(""))
		} else {
			n.DNS = append(n.DNS, strings.ToLower(strings.TrimSuffix(m, ".")))
		}
	}
	n.DNS = slices.DeleteFunc(n.DNS, func(name string) bool { return !isName(name) })
	return n.sorted()
}

// isName reports whether a certificate may have that name: an underscore, say,
// makes some machines' own names unfit.
func isName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || label[0] == '-' {
			return false
		}
	}
	return true
}

func (n Names) sorted() Names {
	slices.Sort(n.DNS)
	slices.SortFunc(n.IPs, netip.Addr.Compare)
	n.DNS, n.IPs = slices.Compact(n.DNS), slices.Compact(n.IPs)
	return n
}

func (n Names) equal(o Names) bool { return slices.Equal(n.DNS, o.DNS) && slices.Equal(n.IPs, o.IPs) }

// has reports whether a URL's host is one of the names.
func (n Names) has(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return slices.Contains(n.IPs, a.Unmap())
	}
	return slices.Contains(n.DNS, strings.ToLower(host))
}

// Addresses returns this machine's addresses of now, loopback too; link-local
// ones of IPv6 not: no URL can name their zone.
func Addresses() []netip.Addr {
	ifaces, _ := net.InterfaceAddrs()
	var list []netip.Addr
	for _, i := range ifaces {
		n, ok := i.(*net.IPNet)
		if !ok {
			continue
		}
		a, ok := netip.AddrFromSlice(n.IP)
		if a = a.Unmap(); ok && (a.Is4() || !a.IsLinkLocalUnicast()) {
			list = append(list, a)
		}
	}
	return list
}
