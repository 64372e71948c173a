package peer

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/pion/ice/v4"
	"github.com/pion/sdp/v3"
)

// What an offer may have. Two data channels need about 600 bytes in one media
// section; the rest is for clients that gather candidates first.
const (
	maxOffer  = 16 << 10 // bytes
	maxMedia  = 8        // media sections
	minUfrag  = 4        // characters, RFC 8839
	minPwd    = 22
	maxSecret = 256 // of either
)

// checkOffer keeps out what would only cost a connection. It returns the offer
// without the candidates that are too many to be used, and how many it brought.
func checkOffer(offer string) (kept string, candidates int, err error) {
	if len(offer) > maxOffer {
		return "", 0, refuse(ErrBadOffer, "it has %d bytes, %d are allowed", len(offer), maxOffer)
	}
	var s sdp.SessionDescription
	if err := s.UnmarshalString(offer); err != nil {
		return "", 0, refuse(ErrBadOffer, "it is no SDP")
	}
	if len(s.MediaDescriptions) > maxMedia {
		return "", 0, refuse(ErrBadOffer, "it has %d media sections, %d are allowed", len(s.MediaDescriptions), maxMedia)
	}
	if err := checkSecrets(s.Attributes); err != nil {
		return "", 0, err
	}
	data := false
	for _, m := range s.MediaDescriptions {
		name := m.MediaName
		data = data || name.Media == "application" && strings.Contains(strings.Join(name.Protos, "/"), "DTLS/SCTP")
		if err := checkSecrets(m.Attributes); err != nil {
			return "", 0, err
		}
		for _, a := range m.Attributes {
			if a.IsICECandidate() {
				candidates++
			}
		}
	}
	if !data {
		return "", 0, refuse(ErrBadOffer, "it has no data channel")
	}
	if candidates > maxCandidates {
		return "", 0, refuse(ErrBadOffer, "it has %d candidates, %d are allowed", candidates, maxCandidates)
	}
	if dropSurplus(&s) {
		b, err := s.Marshal()
		return string(b), candidates, err
	}
	return offer, candidates, nil
}

// checkSecrets keeps to what RFC 8839 lets ICE's name and password be: a name of
// 50 kB travels in each check, which then is no datagram any more.
func checkSecrets(attributes []sdp.Attribute) error {
	for _, a := range attributes {
		least := minPwd
		switch a.Key {
		case "ice-ufrag":
			least = minUfrag
		case "ice-pwd":
		default:
			continue
		}
		if n := len(a.Value); n < least || n > maxSecret {
			return refuse(ErrBadOffer, "its %s has %d characters, %d to %d are allowed", a.Key, n, least, maxSecret)
		}
		if strings.ContainsFunc(a.Value, func(r rune) bool { return !isICEChar(r) }) {
			return refuse(ErrBadOffer, "its %s has other characters than A–Z a–z 0–9 + /", a.Key)
		}
	}
	return nil
}

func isICEChar(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '+' || r == '/'
}

// dropSurplus drops the candidates that are of no use, and those behind the first
// usedCandidates of the others: the server would send checks to each, and learns from the
// device's own ones where it is. It reports whether there were any.
func dropSurplus(s *sdp.SessionDescription) (dropped bool) {
	n := 0
	for _, m := range s.MediaDescriptions {
		m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool {
			if !a.IsICECandidate() {
				return false
			}
			useful, err := checkCandidate(a.Value)
			if err == nil && useful {
				n++
			}
			drop := err != nil || !useful || n > usedCandidates
			dropped = dropped || drop
			return drop
		})
	}
	return dropped
}

// checkCandidate reports whether a candidate is one that checks can be sent to. Names
// of hosts aren't asked for, and nothing is sent to whole networks.
func checkCandidate(candidate string) (useful bool, err error) {
	if len(candidate) > maxCandidate {
		return false, refuse(ErrBadCandidate, "it has %d bytes, %d are allowed", len(candidate), maxCandidate)
	}
	if strings.TrimPrefix(candidate, "candidate:") == "" {
		return false, nil // the end of candidates
	}
	c, err := ice.UnmarshalCandidate(candidate)
	if errors.Is(err, ice.ErrUnknownCandidateTyp) || errors.Is(err, ice.ErrDetermineNetworkType) {
		return false, nil
	}
	if err != nil {
		return false, refuse(ErrBadCandidate, "it is no candidate")
	}
	addr, err := netip.ParseAddr(c.Address())
	if err != nil || c.Port() == 0 || c.Component() != 1 {
		return false, nil
	}
	addr = addr.Unmap()
	return !addr.IsMulticast() && !addr.IsUnspecified() && addr != netip.AddrFrom4([4]byte{255, 255, 255, 255}), nil
}
