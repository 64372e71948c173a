package peer

import (
	"context"
	"errors"
	"strings"
	"testing"

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
	if err := r.device.AddCandidate("nonsense"); err == nil {
		t.Error("a nonsensical candidate was taken")
	}
	for range maxCandidates - 1 {
		must(t, r.device.AddCandidate(candidate))
	}
	if err := r.device.AddCandidate(candidate); !errors.Is(err, ErrNoPeer) {
		t.Errorf("one too many: %v, want ErrNoPeer", err)
	}
	r.waitConnected(t)
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
	f.Fuzz(func(t *testing.T, offer string) {
		n, err := checkOffer(offer)
		if err != nil && !errors.Is(err, ErrBadOffer) || n > maxCandidates {
			t.Errorf("checkOffer = %d, %v", n, err)
		}
	})
}
