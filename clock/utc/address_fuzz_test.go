package utc

import (
	"net"
	"strings"
	"testing"
)

// FuzzAddress: an address that is accepted is of one host, and of a port where it has one, and is nothing that NTP's
// client would look for elsewhere.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"pool.example", "pool.example:123", "10.0.0.1", "10.0.0.1:0", "::1", "[::1]", "[::1]:123", "[fe80::1%eth0]:123", "a:b:c", "[", "]a[", "[]", "[]:1", "user@host", "host/path", "host:65536", "a b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if checkAddress(s) != nil {
			return
		}
		host, port, err := net.SplitHostPort(s)
		if err != nil {
			host, port = s, "123"
		}
		if host == "" || port == "" || port == "0" || strings.ContainsAny(s, " /@\t\r\n\x00") {
			t.Fatalf("%q is accepted", s)
		}
		if inner := strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"); inner == "" || strings.ContainsAny(inner, "[]") {
			t.Fatalf("%q is accepted", s)
		}
	})
}
