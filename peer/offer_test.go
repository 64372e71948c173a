package peer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"
)

func TestBadOffers(t *testing.T) {
	good := offerOf(t)
	r := newRig(t, Config{}, DeviceConfig{}, DialConfig{})
	tests := []struct{ name, offer string }{
		{"empty", ""},
		{"nonsense", "hello"},
		{"JSON", `{"type":"offer","sdp":"v=0"}`},
		{"cut off", good[:len(good)/2]},
		{"no media", strings.Split(good, "m=application")[0]},
		{"audio only", strings.Replace(good, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "m=audio 9 UDP/TLS/RTP/SAVPF 111", 1)},
		{"no fingerprint", without(good, "a=fingerprint")},
		{"no ICE credentials", without(good, "a=ice-ufrag")},
		{"too long", good + strings.Repeat("a=x\r\n", 20_000)},
		{"a byte too long", good + "a=" + strings.Repeat("x", maxOffer-len(good)-3) + "\r\n"},
		{"a ufrag of 3", changed(t, good, "ice-ufrag", "abc")},
		{"a ufrag of 257", changed(t, good, "ice-ufrag", strings.Repeat("a", 257))},
		{"a ufrag of 15 kB", changed(t, good, "ice-ufrag", strings.Repeat("a", 15_000))},
		{"a ufrag with a colon", changed(t, good, "ice-ufrag", "ab:cdef")},
		{"a second ufrag", "v=0\r\n" + good[len("v=0\r\n"):] + "a=ice-ufrag:x\r\n"},
		{"a password of 21", changed(t, good, "ice-pwd", strings.Repeat("a", 21))},
		{"a password of 257", changed(t, good, "ice-pwd", strings.Repeat("a", 257))},
		{"nine media sections", good + strings.Repeat("m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n", maxMedia)},
		{"too many candidates", good + strings.Repeat("a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", maxCandidates+1)},
	}
	ignore := goleak.IgnoreCurrent()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answer, err := r.device.Accept(context.Background(), tt.offer)
			if answer != "" || !errors.Is(err, ErrBadOffer) {
				t.Errorf("Accept = %q, %v; want ErrBadOffer", answer, err)
			}
			goleak.VerifyNone(t, ignore)
		})
	}
	r.connect(t, nil) // none of them did harm
	r.waitConnected(t)
}

func TestCandidates(t *testing.T) {
	r := newRig(t, Config{}, DeviceConfig{}, DialConfig{})
	const candidate = "candidate:1 1 udp 2130706431 192.0.2.1 9 typ host"
	for name, add := range map[string]func(string) error{
		"device": r.device.AddCandidate, "client": r.client.AddCandidate,
	} {
		if err := add(candidate); !errors.Is(err, ErrNoPeer) {
			t.Errorf("%s: before any offer: %v, want ErrNoPeer", name, err)
		}
	}
	if err := r.client.Answer(""); !errors.Is(err, ErrNoPeer) {
		t.Errorf("answer before any offer: %v, want ErrNoPeer", err)
	}
	r.connect(t, nil)
	if err := r.device.AddCandidate("nonsense"); !errors.Is(err, ErrBadCandidate) {
		t.Errorf("nonsense: %v, want ErrBadCandidate", err)
	}
	for range maxCandidates - 1 {
		must(t, r.device.AddCandidate(candidate))
	}
	if err := r.device.AddCandidate(candidate); !errors.Is(err, ErrNoPeer) {
		t.Errorf("one too many: %v, want ErrNoPeer", err)
	}
	r.waitConnected(t)
}

// TestLongestOffers: what is allowed works.
func TestLongestOffers(t *testing.T) {
	good := offerOf(t)
	r := newRig(t, Config{}, DeviceConfig{}, DialConfig{})
	for name, offer := range map[string]string{
		"ufrag of 4":   changed(t, good, "ice-ufrag", "ab+/"),
		"ufrag of 256": changed(t, good, "ice-ufrag", strings.Repeat("a", 256)),
		"password":     changed(t, good, "ice-pwd", strings.Repeat("a", 256)),
		"length":       good + "a=" + strings.Repeat("x", maxOffer-len(good)-4) + "\r\n",
		"candidates":   good + strings.Repeat("a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", maxCandidates),
	} {
		if _, err := r.device.Accept(t.Context(), offer); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestUsedCandidates: of those in an offer, and of those that are told later, the
// first 16 get checks.
func TestUsedCandidates(t *testing.T) {
	r := newRig(t, Config{}, DeviceConfig{}, DialConfig{})
	candidates := func(from, to int) (lines []string) {
		for n := from; n < to; n++ {
			lines = append(lines, fmt.Sprintf("candidate:%d 1 udp %d 192.0.2.%d 9 typ host", n, n+1, n+1))
		}
		return lines
	}
	for _, offered := range []int{0, usedCandidates - 1, usedCandidates, maxCandidates} {
		var offer strings.Builder
		offer.WriteString(offerOf(t))
		for _, c := range candidates(0, offered) {
			offer.WriteString("a=" + c + "\r\n")
		}
		l, _, err := r.server.accept(t.Context(), &prober{}, offer.String())
		must(t, err)
		for _, c := range candidates(offered, maxCandidates) {
			must(t, l.addCandidate(c))
		}
		eventually(t, "the candidates", func() bool { return remoteCandidates(l) == usedCandidates })
		if err := l.addCandidate(candidates(0, 1)[0]); !errors.Is(err, ErrNoPeer) {
			t.Errorf("one too many: %v", err)
		}
		if n := remoteCandidates(l); n != usedCandidates {
			t.Errorf("%d of %d and more are used, want %d", n, offered, usedCandidates)
		}
		l.close()
	}
}

// TestUselessCandidates: nothing is sent to whole networks, and no names are asked for.
func TestUselessCandidates(t *testing.T) {
	for candidate, want := range map[string]string{
		"candidate:1 1 udp 1 192.0.2.1 9 typ host":                "useful",
		"1 1 udp 1 2001:db8::1 9 typ srflx raddr :: rport 0":      "useful",
		"candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active": "useful",
		"":           "useless",
		"candidate:": "useless",
		"candidate:1 1 udp 1 224.0.0.251 5353 typ host":   "useless",
		"candidate:1 1 udp 1 ff02::1 9 typ host":          "useless",
		"candidate:1 1 udp 1 255.255.255.255 9 typ host":  "useless",
		"candidate:1 1 udp 1 0.0.0.0 9 typ host":          "useless",
		"candidate:1 1 udp 1 ::ffff:224.0.0.1 9 typ host": "useless",
		"candidate:1 1 udp 1 192.0.2.1 0 typ host":        "useless",
		"candidate:1 2 udp 1 192.0.2.1 9 typ host":        "useless",
		"candidate:1 1 udp 1 abc.local 9 typ host":        "useless",
		"candidate:1 1 udp 1 192.0.2.1 9 typ other":       "useless",
		"candidate:1 1 udp 1 example.com 9 typ host":      "wrong",
		"nonsense": "wrong",
		"candidate:1 1 udp 1 192.0.2.1 9 typ host " + strings.Repeat("x", maxCandidate): "wrong",
	} {
		useful, err := checkCandidate(candidate)
		got := "useless"
		if useful {
			got = "useful"
		}
		if errors.Is(err, ErrBadCandidate) {
			got = "wrong"
		}
		if got != want {
			t.Errorf("%.60q is %s, want %s", candidate, got, want)
		}
	}
}

func FuzzCheckCandidate(f *testing.F) {
	f.Add("candidate:1 1 udp 1 192.0.2.1 9 typ host")
	f.Add("1 1 tcp 1 2001:db8::1 9 typ srflx raddr :: rport 0 tcptype active ufrag abcd")
	f.Fuzz(func(t *testing.T, candidate string) {
		useful, err := checkCandidate(candidate)
		if !useful {
			return
		}
		c, again := ice.UnmarshalCandidate(candidate)
		if err != nil || again != nil || sourceOfCandidate(c).at.Port() == 0 || sourceOfCandidate(c).at.Addr().IsMulticast() {
			t.Errorf("%q is used: %v, %v", candidate, err, again)
		}
	})
}

// remoteCandidates counts those that pion has of the other side.
func remoteCandidates(l *link) (n int) {
	for _, s := range l.pc.GetStats() {
		if c, ok := s.(webrtc.ICECandidateStats); ok && c.Type == webrtc.StatsTypeRemoteCandidate {
			n++
		}
	}
	return n
}

// changed gives an attribute of an SDP another value.
func changed(t *testing.T, sdp, name, value string) string {
	t.Helper()
	return strings.Replace(sdp, "a="+name+":"+attribute(t, sdp, name), "a="+name+":"+value, 1)
}

// without drops the lines of an SDP that begin so.
func without(sdp, prefix string) string {
	var kept []string
	for _, line := range strings.SplitAfter(sdp, "\r\n") {
		if !strings.HasPrefix(line, prefix) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func FuzzCheckOffer(f *testing.F) {
	f.Add(offerOf(f))
	f.Add("v=0\r\n")
	f.Add(offerOf(f) + strings.Repeat("a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", usedCandidates+1))
	f.Fuzz(func(t *testing.T, offer string) {
		kept, n, err := checkOffer(offer)
		if err != nil {
			if !errors.Is(err, ErrBadOffer) || kept != "" {
				t.Errorf("checkOffer = %q, %d, %v", kept, n, err)
			}
			return
		}
		again, left, err := checkOffer(kept)
		if err != nil || again != kept || left > min(n, usedCandidates) || n > maxCandidates {
			t.Errorf("%d candidates, of which %d were kept: %v", n, left, err)
		}
	})
}
