package main

import (
	"fmt"
	"net"
	"strconv"
)

// addresses returns the URLs under which a server that listens on ip is
// reached: those of the network first, this machine's own last.
func addresses(ip net.IP, port int) []string {
	if !ip.IsUnspecified() {
		return []string{baseURL(ip.String(), port)}
	}
	var urls []string
	ifaces, _ := net.InterfaceAddrs()
	for _, a := range ifaces {
		n, ok := a.(*net.IPNet)
		if ok && n.IP.IsGlobalUnicast() && n.IP.To4() != nil {
			urls = append(urls, baseURL(n.IP.String(), port))
		}
	}
	return append(urls, baseURL("localhost", port))
}

func baseURL(host string, port int) string {
	return fmt.Sprintf("http://%s", net.JoinHostPort(host, strconv.Itoa(port)))
}
