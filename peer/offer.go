package peer

import (
	"context"
	"fmt"

	"github.com/pion/webrtc/v4"
)

// accept makes a link for o out of an offer, and the answer to it.
func (s *Server) accept(ctx context.Context, o owner, offer string) (*link, string, error) {
	offer, candidates, err := checkOffer(offer)
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
	answer, err := s.answer(ctx, l, offer)
	if err != nil {
		l.close()
		return nil, "", err
	}
	return l, answer, nil
}

// answer waits until the candidates are gathered: with the muxes that takes
// no network. The filter lets the device's checks in before anybody can make them.
func (s *Server) answer(ctx context.Context, l *link, offer string) (string, error) {
	pc := l.pc
	if err := s.letIn(l); err != nil {
		return "", err
	}
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

// letIn has the filter pass the checks that are for a link, until it is closed. It must
// come first: pion starts its transports with the offer.
func (s *Server) letIn(l *link) error {
	own, err := l.pc.SCTP().Transport().ICETransport().GetLocalParameters()
	if err != nil {
		return fmt.Errorf("peer: reading the ICE credentials: %w", err)
	}
	s.filter.add(own.UsernameFragment, own.Password)
	l.forget = func() { s.filter.remove(own.UsernameFragment) }
	if s.tcp != nil {
		l.udpAlone = func() {
			s.filter.refuseTCP(own.UsernameFragment)
			s.tcp.RemoveConnByUfrag(own.UsernameFragment)
		}
	}
	return nil
}
