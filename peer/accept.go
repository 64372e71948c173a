package peer

import (
	"context"
	"fmt"
	"strings"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

const maxOffer = 64 << 10 // bytes

// Accept answers an SDP offer; the answer holds the server's candidates. A
// later offer, after a change of network, replaces the connection. Errors wrap
// ErrBadOffer when the offer is to blame, ErrClosed when Run has ended.
func (d *Device) Accept(ctx context.Context, offer string) (answer string, err error) {
	candidates, err := checkOffer(offer)
	if err != nil {
		return "", err
	}
	d.accepting.Lock()
	defer d.accepting.Unlock()
	if d.isClosed() {
		return "", ErrClosed
	}
	pc, err := d.srv.api.NewPeerConnection(webrtc.Configuration{
		Certificates: []webrtc.Certificate{d.srv.cert},
	})
	if err != nil {
		return "", fmt.Errorf("peer: making a connection: %w", err)
	}
	l := newLink(pc, d, d.srv.cfg.Log)
	l.candidates = candidates
	pc.OnDataChannel(l.attach)
	answer, err = d.answer(ctx, pc, offer)
	if err != nil {
		l.close()
		return "", err
	}
	d.replace(l)
	return answer, nil
}

// AddCandidate takes a trickled candidate of the device in. ErrNoPeer before
// any offer.
func (d *Device) AddCandidate(candidate string) error {
	d.mu.Lock()
	l := d.link
	d.mu.Unlock()
	if l == nil {
		return ErrNoPeer
	}
	return l.addCandidate(candidate)
}

func (d *Device) isClosed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closed
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
		if m.MediaName.Media == "application" && strings.Contains(strings.Join(m.MediaName.Protos, "/"), "DTLS/SCTP") {
			data = true
		}
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

// answer waits until the candidates are gathered: with the muxes that takes
// no network.
func (d *Device) answer(ctx context.Context, pc *webrtc.PeerConnection, offer string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, d.srv.cfg.OfferTimeout)
	defer cancel()
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
	case <-d.done:
		return "", ErrClosed
	}
}

// clockOpen begins to measure a new data channel.
func (d *Device) clockOpen(l *link) {
	d.mu.Lock()
	if d.link == l {
		if d.data != nil {
			d.sent, d.lost, d.stray = d.sent+d.data.sent, d.lost+d.data.lost+uint64(len(d.data.out)), d.stray+d.data.stray
		}
		d.data, d.dataLink, d.dataUp = newTrack(nonce()), l, true
	}
	d.mu.Unlock()
	d.kick()
}

func (d *Device) control(msg []byte) {
	if d.cfg.OnControl != nil {
		d.cfg.OnControl(msg)
	}
}

// linkState keeps the pinger off a connection that brings nothing through.
func (d *Device) linkState(l *link, s linkState) {
	d.mu.Lock()
	if d.link == l && !d.dead {
		d.dead = s == linkDead
		d.dataUp = s == linkUp && d.dataLink == l
	}
	d.mu.Unlock()
	d.kick()
}
