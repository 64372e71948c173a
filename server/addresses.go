package server

import (
	"net"
	"strconv"
	"strings"
)

// addresses returns the URLs under which a server that listens on ip is
// reached, the best first: names that are known everywhere, addresses of the network, names that are
// known there at best, this machine's own.
func addresses(scheme string, ip net.IP, port int, names ...string) []string {
	var first, last []string
	for _, name := range names {
		if strings.HasSuffix(name, ".local") {
			last = append(last, baseURL(scheme, name, port))
		} else {
			first = append(first, baseURL(scheme, name, port))
		}
	}
	if !ip.IsUnspecified() {
		return append(append(first, baseURL(scheme, ip.String(), port)), last...)
	}
	ifaces, _ := net.InterfaceAddrs()
	for _, a := range ifaces {
		n, ok := a.(*net.IPNet)
		if ok && n.IP.IsGlobalUnicast() && n.IP.To4() != nil {
			first = append(first, baseURL(scheme, n.IP.String(), port))
		}
	}
	return append(append(first, last...), baseURL(scheme, "localhost", port))
}

func baseURL(scheme, host string, port int) string {
	if scheme == "https" && port == 443 || scheme == "http" && port == 80 {
		return scheme + "://" + strings.TrimSuffix(net.JoinHostPort(host, ""), ":")
	}
	return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(port))
}
