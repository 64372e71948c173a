package peer

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v4"
	"golang.org/x/time/rate"
)

// port returns a source that differs by its port alone.
func port(n int) source {
	return source{at: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(n))}
}

// passing is a filter with two agents, and who knows the credentials of each.
func passing(t *testing.T) (f *filter, a, b *hostile) {
	t.Helper()
	f = newFilter()
	f.add("aaaa", "password of a, twenty-two")
	f.add("bbbb", "password of b, twenty-two")
	return f, &hostile{username: "aaaa:x", password: "password of a, twenty-two"},
		&hostile{username: "bbbb:x", password: "password of b, twenty-two"}
}

// TestSourcesAreBounded: 16 at once, one more each 10 s, 256 in all.
func TestSourcesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, a, _ := passing(t)
		check := a.check(t)
		next := 1
		passes := func(n int) (passed int) {
			for range n {
				if f.pass(check, port(next)) {
					passed++
				}
				next++
			}
			return passed
		}
		if n := passes(50); n != sourceBurst {
			t.Errorf("%d at once, want %d", n, sourceBurst)
		}
		time.Sleep(sourceEvery - time.Second)
		if n := passes(50); n != 0 {
			t.Errorf("%d too soon", n)
		}
		time.Sleep(time.Second)
		if n := passes(50); n != 1 {
			t.Errorf("%d after %v, want 1", n, sourceEvery)
		}
		if !f.pass(check, port(1)) {
			t.Error("the first one is shut out")
		}
		passed := sourceBurst + 1
		for range 2 * maxSources {
			time.Sleep(sourceEvery)
			passed += passes(1)
		}
		if passed != maxSources || f.sourcesOf("aaaa") != maxSources || len(f.sources) != maxSources {
			t.Errorf("%d in all, %d kept; want %d", passed, len(f.sources), maxSources)
		}
		f.remove("aaaa")
		f.remove("aaaa")
		if len(f.sources) != 0 || f.pass(check, port(1)) {
			t.Error("a closed connection is still listened to")
		}
	})
}

// TestOnlyWhatIsAuthenticated passes, and nothing else uses up what a device has.
func TestOnlyWhatIsAuthenticated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, a, _ := passing(t)
		good := a.check(t)
		long := append(slices.Clone(good), bytes.Repeat([]byte{0}, 100)...)
		without, err := stun.Build(stun.BindingRequest, stun.TransactionID, stun.NewUsername(a.username), stun.Fingerprint)
		must(t, err)
		anonymous, err := stun.Build(stun.BindingRequest, stun.TransactionID, stun.NewShortTermIntegrity(a.password))
		must(t, err)
		success, err := stun.Build(stun.BindingSuccess, stun.TransactionID)
		must(t, err)
		allocate, err := stun.Build(stun.NewType(stun.MethodAllocate, stun.ClassRequest), stun.TransactionID, stun.NewUsername(a.username), stun.NewShortTermIntegrity(a.password))
		must(t, err)
		bad := map[string][]byte{
			"another password":   a.checkWith(t, a.username, "password of b, twenty-two"),
			"nobody's ufrag":     a.checkWith(t, "cccc:x", a.password),
			"no ufrag":           a.checkWith(t, ":", a.password),
			"no integrity":       without.Raw,
			"no username":        anonymous.Raw,
			"an answer":          success.Raw,
			"another method":     allocate.Raw,
			"half of a check":    good[:len(good)/2],
			"a header":           good[:20],
			"nothing":            {},
			"a DTLS hello":       {22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1},
			"one byte":           {0},
			"a changed check":    append(slices.Clone(good[:30]), append([]byte{good[30] ^ 1}, good[31:]...)...),
			"a username of NULs": a.checkWith(t, string(make([]byte, 500)), a.password),
		}
		for name, b := range bad {
			for n := range 3 * sourceBurst {
				if f.pass(b, port(n)) {
					t.Errorf("%s passes", name)
					break
				}
			}
		}
		if n := f.sourcesOf("aaaa"); n != 0 {
			t.Errorf("%d addresses of nobody", n)
		}
		if !f.pass(good, port(1)) || !f.pass(long, port(1)) || !f.pass([]byte{22, 254, 253}, port(1)) || !f.pass(success.Raw, port(1)) {
			t.Error("the device is shut out")
		}
		before := slices.Clone(good)
		f.pass(good, port(1))
		if !bytes.Equal(before, good) {
			t.Error("the check was changed")
		}
	})
}

// TestPacketsAreBounded: STUN requests, responses, and what isn't STUN, each by itself.
func TestPacketsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, a, _ := passing(t)
		check := a.check(t)
		response, err := stun.Build(stun.BindingSuccess, stun.TransactionID)
		must(t, err)
		count := func(b []byte) (passed int) {
			for range 2 * packetBurst {
				if f.pass(b, port(1)) {
					passed++
				}
			}
			return passed
		}
		if n := count(check); n != stunBurst {
			t.Errorf("%d checks at once, want %d", n, stunBurst)
		}
		if n := count(response.Raw); n != stunBurst {
			t.Errorf("%d responses at once, want %d", n, stunBurst)
		}
		if n := count([]byte{23, 254, 253}); n != packetBurst {
			t.Errorf("%d other packets at once, want %d", n, packetBurst)
		}
		time.Sleep(time.Second)
		if n := count([]byte{23, 254, 253}); n != packetRate {
			t.Errorf("%d other packets a second later, want %d", n, packetRate)
		}
		if n := count(check); n != stunRate {
			t.Errorf("%d checks a second later, want %d", n, stunRate)
		}
	})
}

// TestAddressesOfOthers: nobody takes the address that another device is heard from,
// nor has anything sent there, which would lead that device's packets to it.
func TestAddressesOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, a, b := passing(t)
		if !f.maySend("aaaa", port(1)) || !f.pass(a.check(t), port(1)) {
			t.Fatal("the device is shut out")
		}
		for range 3 {
			if f.maySend("bbbb", port(1)) || f.pass(b.check(t), port(1)) || !f.maySend("aaaa", port(1)) {
				t.Error("another one has the address")
			}
			time.Sleep(sourceKept - time.Second)
			if !f.pass([]byte{23}, port(1)) {
				t.Error("the device is shut out")
			}
		}
		tcp := port(1)
		tcp.tcp = true
		if !f.maySend("bbbb", tcp) || !f.pass(b.check(t), tcp) {
			t.Error("a TCP port was taken for a UDP port")
		}
		time.Sleep(sourceKept)
		if !f.maySend("bbbb", port(1)) || !f.pass(b.check(t), port(1)) || f.maySend("aaaa", port(1)) {
			t.Error("an address that nobody uses stays taken")
		}
		f.remove("aaaa")
		if !f.pass([]byte{23}, port(1)) {
			t.Error("the address went with the one who had it before")
		}
	})
}

func FuzzFilter(f *testing.F) {
	h := &hostile{username: "aaaa:x", password: "password of a, twenty-two"}
	good := h.check(f)
	f.Add(good)
	f.Add(good[:len(good)-8])
	f.Add([]byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	f.Add([]byte{23, 254, 253})
	f.Fuzz(func(t *testing.T, b []byte) {
		flt := newFilter()
		flt.add("aaaa", h.password)
		before := bytes.Clone(b)
		passed := flt.pass(b, port(1))
		if !bytes.Equal(before, b) {
			t.Error("the packet was changed")
		}
		if passed != (flt.sourcesOf("aaaa") == 1) {
			t.Errorf("passed %v, %d addresses", passed, flt.sourcesOf("aaaa"))
		}
	})
}

// BenchmarkFilter measures what it costs to let a clock frame through, and to turn away a
// check that proves the password but comes from one address too many.
func BenchmarkFilter(b *testing.B) {
	f := newFilter()
	h := &hostile{username: "aaaa:x", password: "password of a, twenty-two"}
	f.add("aaaa", h.password)
	check, frame := h.check(b), make([]byte, 97)
	frame[0] = 23 // DTLS
	for n := range sourceBurst {
		f.pass(check, port(n))
	}
	b.Run("frame", func(b *testing.B) {
		f.agents["aaaa"].packets.SetLimit(rate.Inf)
		b.ReportAllocs()
		for b.Loop() {
			if !f.pass(frame, port(1)) {
				b.Fatal("the device is shut out")
			}
		}
	})
	b.Run("check", func(b *testing.B) {
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			n++
			f.pass(check, port(sourceBurst+n%60_000))
		}
	})
}
