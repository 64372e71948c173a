package access

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

var proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("fd00::/8")}

// request is one from a peer with header lines, as they stand in HTTP.
func request(remote, host string, encrypted bool, lines ...string) *http.Request {
	r := &http.Request{RemoteAddr: remote, Host: host, Header: http.Header{}}
	if encrypted {
		r.TLS = &tls.ConnectionState{}
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	return r
}

func TestForwarded(t *testing.T) {
	const proxy = "10.0.0.1:5"
	for _, c := range []struct {
		name, remote               string
		lines                      []string
		addr, scheme, host, prefix string
	}{
		{"a stranger who says much", "192.0.2.1:5", []string{"X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example", "X-Forwarded-Prefix: /x", "Forwarded: for=1.2.3.4;proto=https"}, "192.0.2.1", "http", "in:8080", ""},
		{"a proxy that says nothing", proxy, nil, "10.0.0.1", "http", "in:8080", ""},
		{"all that there is", proxy, []string{"X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: beat.example", "X-Forwarded-Prefix: /beat"}, "198.51.100.7", "https", "beat.example", "/beat"},
		{"with a port", proxy, []string{"X-Forwarded-For: 198.51.100.7:4711"}, "198.51.100.7", "http", "in:8080", ""},
		{"IPv6", proxy, []string{"X-Forwarded-For: 2001:DB8::1"}, "2001:db8::1", "http", "in:8080", ""},
		{"IPv6 in brackets", proxy, []string{"X-Forwarded-For: [2001:db8::1]"}, "2001:db8::1", "http", "in:8080", ""},
		{"IPv6 with a port", proxy, []string{"X-Forwarded-For: [2001:db8::1]:4711"}, "2001:db8::1", "http", "in:8080", ""},
		{"IPv6 with a zone", proxy, []string{"X-Forwarded-For: fe80::1%eth0"}, "fe80::1", "http", "in:8080", ""},
		{"mapped, from a mapped proxy", "[::ffff:10.0.0.1]:5", []string{"X-Forwarded-For: ::ffff:198.51.100.7"}, "198.51.100.7", "http", "in:8080", ""},
		{"a liar behind a proxy", proxy, []string{"X-Forwarded-For: 203.0.113.9, 198.51.100.7"}, "198.51.100.7", "http", "in:8080", ""},
		{"two proxies", proxy, []string{"X-Forwarded-For: 203.0.113.9, 198.51.100.7 ,10.0.0.2"}, "198.51.100.7", "http", "in:8080", ""},
		{"two proxies, two lines", proxy, []string{"X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 198.51.100.7", "X-Forwarded-For: 10.0.0.2"}, "198.51.100.7", "http", "in:8080", ""},
		{"two proxies, of which the first took the encryption off", proxy, []string{"X-Forwarded-For: 198.51.100.7, 10.0.0.2", "X-Forwarded-Proto: https, http"}, "198.51.100.7", "https", "in:8080", ""},
		{"a liar about the scheme", proxy, []string{"X-Forwarded-For: 203.0.113.9, 198.51.100.7", "X-Forwarded-Proto: https, http"}, "198.51.100.7", "http", "in:8080", ""},
		{"one scheme for all", proxy, []string{"X-Forwarded-For: 198.51.100.7, 10.0.0.2", "X-Forwarded-Proto: HTTPS"}, "198.51.100.7", "https", "in:8080", ""},
		{"of a WebSocket", proxy, []string{"X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: wss"}, "198.51.100.7", "https", "in:8080", ""},
		{"a scheme alone", proxy, []string{"X-Forwarded-Proto: https"}, "10.0.0.1", "https", "in:8080", ""},
		{"a scheme that is none", proxy, []string{"X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: gopher"}, "198.51.100.7", "http", "in:8080", ""},
		{"a port of its own", proxy, []string{"X-Forwarded-For: 198.51.100.7", "X-Forwarded-Host: beat.example", "X-Forwarded-Port: 8443"}, "198.51.100.7", "http", "beat.example:8443", ""},
		{"a host that is none", proxy, []string{"X-Forwarded-For: 198.51.100.7", "X-Forwarded-Host: a b"}, "198.51.100.7", "http", "in:8080", ""},
		{"unknown", proxy, []string{"X-Forwarded-For: 203.0.113.9, unknown"}, "10.0.0.1", "http", "in:8080", ""},
		{"nothing between commas", proxy, []string{"X-Forwarded-For: 198.51.100.7,"}, "10.0.0.1", "http", "in:8080", ""},
		{"all of them trusted", proxy, []string{"X-Forwarded-For: 10.0.0.3, 10.0.0.2"}, "10.0.0.3", "http", "in:8080", ""},

		{"RFC 7239", proxy, []string{"Forwarded: for=198.51.100.7;proto=https;host=beat.example"}, "198.51.100.7", "https", "beat.example", ""},
		{"in other letters, quoted", proxy, []string{`Forwarded: For="[2001:db8::1]:4711" ; PROTO="https"; by=_hidden`}, "2001:db8::1", "https", "in:8080", ""},
		{"commas and semicolons in quotes", proxy, []string{`Forwarded: for="203.0.113.9, \"for=1.2.3.4;";x="a,b;c", for=198.51.100.7`}, "198.51.100.7", "http", "in:8080", ""},
		{"a liar, two proxies, two lines", proxy, []string{"Forwarded: for=203.0.113.9;proto=https, for=198.51.100.7;proto=https;host=beat.example", "Forwarded: for=10.0.0.2;proto=http;host=inner"}, "198.51.100.7", "https", "beat.example", ""},
		{"hidden", proxy, []string{"Forwarded: for=203.0.113.9, for=_SEVKISEK;proto=https"}, "10.0.0.1", "https", "in:8080", ""},
		{"both, which agree", proxy, []string{"Forwarded: for=198.51.100.7;proto=https", "X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: https"}, "198.51.100.7", "https", "in:8080", ""},
		{"a quote that a stranger left open", proxy, []string{`Forwarded: for="203.0.113.9, for=198.51.100.7`}, "10.0.0.1", "http", "in:8080", ""},
		{"one that the proxy's closes", proxy, []string{`Forwarded: for=203.0.113.9;proto=https;x=", for="198.51.100.7"`}, "10.0.0.1", "http", "in:8080", ""},
		{"one that the proxy's closes, of IPv6", proxy, []string{`Forwarded: for=203.0.113.9;x=", for="[2001:db8::7]:80";proto=https`}, "10.0.0.1", "http", "in:8080", ""},
		{"one on a line of its own", proxy, []string{`Forwarded: for="203.0.113.9`, "Forwarded: for=198.51.100.7"}, "198.51.100.7", "http", "in:8080", ""},
		{"twice in an element", proxy, []string{"Forwarded: for=203.0.113.9;for=198.51.100.7"}, "10.0.0.1", "http", "in:8080", ""},
		{"without the quotes that it needs", proxy, []string{"Forwarded: for=[2001:db8::7]:80;proto=https"}, "2001:db8::7", "https", "in:8080", ""},
		{"a hidden port", proxy, []string{`Forwarded: for="198.51.100.7:_p.1-x"`}, "198.51.100.7", "http", "in:8080", ""},
		{"escapes", proxy, []string{`Forwarded: for="198.51.\100.7"`}, "198.51.100.7", "http", "in:8080", ""},
		{"spaces", proxy, []string{`Forwarded:  ; for = "198.51.100.7" ; proto=https ,, `}, "198.51.100.7", "https", "in:8080", ""},
		{"for nobody", proxy, []string{"Forwarded: proto=https;by=_me"}, "10.0.0.1", "https", "in:8080", ""},
		{"no pair", proxy, []string{"Forwarded: 198.51.100.7"}, "10.0.0.1", "http", "in:8080", ""},
		{"half a bracket", proxy, []string{"X-Forwarded-For: [2001:db8::7"}, "10.0.0.1", "http", "in:8080", ""},
		{"a port that is none", proxy, []string{"X-Forwarded-For: 198.51.100.7:80:80"}, "10.0.0.1", "http", "in:8080", ""},
		{"paths of two proxies", proxy, []string{"X-Forwarded-For: 198.51.100.7, 10.0.0.2", "X-Forwarded-Prefix: /evil, /a/, /b"}, "198.51.100.7", "http", "in:8080", "/a/b"},
		{"a stranger's path before the proxy's", proxy, []string{"X-Forwarded-For: 198.51.100.7", "X-Forwarded-Prefix: /evil", "X-Forwarded-Prefix: /a"}, "198.51.100.7", "http", "in:8080", "/a"},
		{"a path, and kinds that differ", proxy, []string{"Forwarded: for=203.0.113.9", "X-Forwarded-For: 198.51.100.7", "X-Forwarded-Prefix: /a"}, "10.0.0.1", "http", "in:8080", "/a"},
		{"one kind of the proxy's, one of the client's", proxy, []string{"Forwarded: for=203.0.113.9;proto=https", "X-Forwarded-For: 198.51.100.7"}, "10.0.0.1", "http", "in:8080", ""},
	} {
		got := Forwarded(request(c.remote, "in:8080", false, c.lines...), proxies)
		if got.Addr.String() != c.addr || got.Scheme != c.scheme || got.Host != c.host || got.Prefix != c.prefix {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	if got := Forwarded(request("pipe", "in", true), nil); got.Addr.IsValid() || got.Scheme != "https" {
		t.Errorf("encrypted, from nowhere: %+v", got)
	}
}

// FuzzForwarded: whatever headers say, somebody who isn't trusted is who the connection says, and
// a client behind a trusted proxy can't choose its own address.
func FuzzForwarded(f *testing.F) {
	for _, s := range []string{`"`, `for="x`, `for=203.0.113.9;x="`, `x="\`, "for=10.0.0.2", "for=a;for=b", ",;="} {
		f.Add(s, s, "http", "a")
	}
	f.Add("198.51.100.7, 10.0.0.2", `for="[2001:db8::1]:4711";proto=https, for=_x`, "https", "beat.example")
	f.Fuzz(func(t *testing.T, xff, forwarded, proto, host string) {
		lines := []string{"X-Forwarded-For: " + xff, "Forwarded: " + forwarded, "X-Forwarded-Proto: " + proto, "X-Forwarded-Host: " + host}
		if got := Forwarded(request("192.0.2.1:5", "in", false, lines...), proxies); got != (Asked{Addr: netip.MustParseAddr("192.0.2.1"), Scheme: "http", Host: "in"}) {
			t.Errorf("a stranger: %+v", got)
		}
		appended := []string{"X-Forwarded-For: " + xff + ", 198.51.100.7"}
		if got := Forwarded(request("10.0.0.1:5", "in", false, appended...), proxies); got.Addr != netip.MustParseAddr("198.51.100.7") {
			t.Errorf("behind a proxy: %+v", got)
		}
		_ = Forwarded(request("10.0.0.1:5", "in", false, lines...), proxies)
		for _, adds := range []string{"for=198.51.100.7", `for="198.51.100.7:80";proto=https`, `by="[::1]";for="198.51.100.7"`} {
			line := "Forwarded: " + forwarded + ", " + adds
			if got := Forwarded(request("10.0.0.1:5", "in", false, line), proxies).Addr.String(); got != "198.51.100.7" && got != "10.0.0.1" {
				t.Errorf("behind a proxy that adds %s: %v", adds, got)
			}
			apart := []string{"Forwarded: " + forwarded, "Forwarded: " + adds}
			if got := Forwarded(request("10.0.0.1:5", "in", false, apart...), proxies).Addr.String(); got != "198.51.100.7" {
				t.Errorf("behind a proxy that adds the line %s: %v", adds, got)
			}
		}
	})
}

func TestHostName(t *testing.T) {
	for in, want := range map[string]string{
		"Studio.Example.": "studio.example", "studio.example:443": "studio.example", "localhost.": "localhost", "LOCALHOST.:80": "localhost",
		"[::1]:8080": "::1", "[0:0::1]": "::1", "::1": "::1", "192.168.1.20:80": "192.168.1.20", "[fe80::1%25eth0]:80": "fe80::1",
		"bücher.example": "xn--bcher-kva.example", "XN--BCHER-KVA.example": "xn--bcher-kva.example", "BÜCHER.EXAMPLE.:443": "xn--bcher-kva.example",
		"localhost。": "localhost", "localhost..": "", ".": "", ".local": "", "a..b": "", strings.Repeat("a", maxName+1): "",
		"my_server:80": "my_server", "": "", "a b": "", "a/b": "", "a\x00": "", "http://a": "",
	} {
		if got := HostName(in); got != want {
			t.Errorf("%q: %q, not %q", in, got, want)
		}
	}
}

func TestSameOrigin(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"https://app.example", "https://App.Example.:443", true}, {"http://app.example:80", "http://app.example", true},
		{"https://bücher.example", "https://xn--bcher-kva.example", true},
		{"https://app.example", "http://app.example", false}, {"https://app.example", "https://app.example:444", false},
		{"https://app.example", "https://app.example.evil", false}, {"null", "null", false}, {"", "", false}, {"https://", "https://", false},
	} {
		if SameOrigin(c.a, c.b) != c.want {
			t.Errorf("%s and %s", c.a, c.b)
		}
	}
}

func TestParseNetwork(t *testing.T) {
	for in, want := range map[string]string{
		"10.0.0.0/8": "10.0.0.0/8", "10.0.0.1": "10.0.0.1/32", "::1": "::1/128", "[::1]": "::1/128", "fe80::1%eth0": "fe80::1/128",
		"::ffff:10.0.0.0/104": "10.0.0.0/8", "::ffff:10.0.0.1": "10.0.0.1/32", "host": "", "10.0.0.0/33": "", "": "", "unknown": "",
	} {
		p, ok := ParseNetwork(in)
		if got := map[bool]string{true: p.String()}[ok]; got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
}

// FuzzHostName: the one spelling of a name is its own, and an origin is the same as itself.
// FuzzNetwork: what is read as a network is one that has its own address, and is read as itself when it is written.
func FuzzNetwork(f *testing.F) {
	for _, s := range []string{"10.0.0.0/8", "10.1.2.3", "::ffff:10.0.0.0/104", "::ffff:0:0/95", "fe80::1%eth0", "fe80::/64", "[::1]:80", "1.2.3.4:80", "1.2.3.4/33", "0/0", "", "10.0.0.1/8", "::/0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, ok := ParseNetwork(s)
		if !ok {
			return
		}
		if !p.IsValid() || p.Addr().Is4In6() && p.Bits() >= 96 || p.Addr().Zone() != "" || !p.Contains(p.Addr()) {
			t.Fatalf("%q is read as %v", s, p)
		}
		if again, ok := ParseNetwork(p.String()); !ok || again != p {
			t.Fatalf("%q is read as %v, and that as %v, %v", s, p, again, ok)
		}
	})
}

func FuzzHostName(f *testing.F) {
	for _, s := range []string{"a.example:443", "[::1]:80", "bücher.example", "a.b.", "a..", "xn--", "localhost。", "0x7f.1", "::ffff:1.2.3.4", "A\xbc"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := HostName(s)
		if again := HostName(name); again != name && again != "" || strings.ContainsAny(name, "/?#@ \\") {
			t.Errorf("%q became %q, that %q", s, name, again)
		}
		if name != "" && !SameHost(s, s, "https") {
			t.Errorf("%q isn't itself", s)
		}
	})
}
