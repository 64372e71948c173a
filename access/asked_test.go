package access

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

// TestAskedOnce: what was found of a request holds for it, whatever its headers say later; without
// that no proxy is believed.
func TestAskedOnce(t *testing.T) {
	r := httptest.NewRequest("GET", "http://studio.example/", nil)
	r.RemoteAddr = "10.0.0.1:5"
	r.Header.Set("X-Forwarded-For", "198.51.100.7")
	if asked := AskedOf(r); asked.Addr != netip.MustParseAddr("10.0.0.1") {
		t.Errorf("a proxy that nobody trusts is believed: %+v", asked)
	}
	r = WithAsked(r, []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")})
	r.Header.Set("X-Forwarded-For", "198.51.100.8")
	if asked := AskedOf(r); asked.Addr != netip.MustParseAddr("198.51.100.7") {
		t.Errorf("it was worked out again: %+v", asked)
	}
}
