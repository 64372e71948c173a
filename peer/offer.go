package peer

import (
	"context"
	"fmt"
	"strings"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

const maxOffer = 64 << 10 // bytes

// accept makes a link for o out of an offer, and the answer to it.
func (s *Server) accept(ctx context.Context, o owner, offer string) (*link, string, error) {
	candidates, err := checkOffer(offer)
	if err != nil {
		return nil, "", err
	}
	pc, err := s.api.NewPeerConnection(webrtc.Configuration{
		Certificates: []webrtc.Certificate{s.cert},
	})
	if err != nil {
		return nil, "", fmt.Errorf("peer: making a connection: %w", err)
	}
	l := newLink(pc, o, s.cfg.Log)
	l.candidates = candidates
	pc.OnDataChannel(l.attach)
	ctx, cancel := context.WithTimeout(ctx, s.cfg.OfferTimeout)
	defer cancel()
	answer, err := answerTo(ctx, pc, offer)
	if err != nil {
		l.close()
		return nil, "", err
	}
	return l, answer, nil
}

// answerTo waits until the candidates are gathered: with the muxes that takes
// no network.
func answerTo(ctx context.Context, pc *webrtc.PeerConnection, offer string) (string, error) {
	remote := webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}
	if err := pc.SetRemoteDescription(remote); err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadOffer, err)
	}
	local, err := pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadOffer, err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(local); err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadOffer, err)
	}
	select {
	case <-gathered:
		return pc.LocalDescription().SDP, nil
	case <-ctx.Done():
		return "", fmt.Errorf("peer: gathering candidates: %w", ctx.Err())
	}
}

// checkOffer keeps out what would only cost a connection, and counts the
// candidates that the offer brings.
func checkOffer(offer string) (candidates int, err error) {
	if len(offer) > maxOffer {
		return 0, fmt.Errorf("%w: %d bytes", ErrBadOffer, len(offer))
	}
	var s sdp.SessionDescription
	if err := s.UnmarshalString(offer); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrBadOffer, err)
	}
	data := false
	for _, m := range s.MediaDescriptions {
		name := m.MediaName
		data = data || name.Media == "application" && strings.Contains(strings.Join(name.Protos, "/"), "DTLS/SCTP")
		for _, a := range m.Attributes {
			if a.IsICECandidate() {
				candidates++
			}
		}
	}
	if !data {
		return 0, fmt.Errorf("%w: no data channel", ErrBadOffer)
	}
	if candidates > maxCandidates {
		return 0, fmt.Errorf("%w: %d candidates", ErrBadOffer, candidates)
	}
	return candidates, nil
}
