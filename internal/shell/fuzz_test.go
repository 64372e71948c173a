package shell

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// FuzzSize: a size is a whole number of bytes that isn't negative, and is read as itself when it is written as one.
func FuzzSize(f *testing.F) {
	for _, s := range []string{"0", "1073741824", "64 GiB", "1.5GB", "64G", "-1", "1e3", "9223372036854775807", "9223372036854775808", "16EiB", "NaN", "Inf B", "", "b", "0x10", "1,000 kB"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var n, again Size
		if n.UnmarshalText([]byte(s)) != nil {
			return
		}
		if n < 0 || strings.HasPrefix(strings.TrimSpace(s), "-") && n != 0 {
			t.Fatalf("%q was read as %d", s, n)
		}
		if err := again.UnmarshalText(fmt.Append(nil, int64(n))); err != nil || again != n {
			t.Fatalf("%q was read as %d, which was read as %d (%v)", s, n, again, err)
		}
	})
}

// FuzzFakeClock: a clock that is accepted is ahead by a finite time, and goes on.
func FuzzFakeClock(f *testing.F) {
	for _, s := range []string{"+50ms,+20ppm", "-1h", "+50ms,20", "1s,NaNppm", "1s,-Infppm", "1s,0x1p3ppm", "2562047h,200ppm", ",", "", "1s,1ppm,1ppm", " 1s , 2 ppm"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		now, err := FakeClock(s)
		if err != nil {
			return
		}
		if first, second := now(), now(); second.Before(first) {
			t.Fatalf("%q goes from %v to %v", s, first, second)
		}
	})
}

// FuzzTarget: an address or a link of the console either is refused with a word about --url, or leads to the
// host that it names, by http or https, without the secrets that it has.
func FuzzTarget(f *testing.F) {
	for _, s := range []string{
		"http://127.0.0.1:8080", "https://studio.example/live/?session=studio#key=K", "http://[fe80::1%25eth0]:80/device?session=a%20b#admin=x&token=y",
		"https://u:p@host/watch#", "http://host#%zz", "//host", "ftp://host", "http://", "http:///x", "http://host:99999/", "\x00",
	} {
		f.Add(s)
		f.Add(s + ", http://host")
	}
	f.Fuzz(func(t *testing.T, link string) {
		target, err := (&Address{URL: link}).open()
		if err != nil {
			if !strings.HasPrefix(err.Error(), "--url: ") {
				t.Fatalf("%q is refused with %v", link, err)
			}
			return
		}
		first, _, _ := strings.Cut(link, ",")
		asked, _ := url.Parse(strings.TrimSpace(first))
		is, err := url.Parse(target.urls[0])
		if err != nil || is.Host != asked.Host || is.Scheme != "http" && is.Scheme != "https" {
			t.Fatalf("%q leads to %q, %v", link, target.urls, err)
		}
		if strings.ContainsAny(target.urls[0], "?#") || strings.HasSuffix(target.urls[0], "/") {
			t.Fatalf("%q leads to %q", link, target.urls)
		}
	})
}
