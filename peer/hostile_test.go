package peer

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"
)

// hostile knows the ICE credentials of a connection and makes checks of its own.
type hostile struct {
	username, password string
	server             net.Addr
}

// connectHostile connects r's client, and returns who knows what it knows.
func connectHostile(t testing.TB, r *rig) *hostile {
	t.Helper()
	offer, err := r.client.Offer()
	must(t, err)
	answer, err := r.device.Accept(context.Background(), offer)
	must(t, err)
	must(t, r.client.Answer(answer))
	return &hostile{
		username: attribute(t, answer, "ice-ufrag") + ":" + attribute(t, offer, "ice-ufrag"),
		password: attribute(t, answer, "ice-pwd"),
		server:   r.server.cfg.UDP.LocalAddr(),
	}
}

// attribute returns the value of an SDP attribute.
func attribute(t testing.TB, sdp, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(sdp, "a="+name+":")
	value, _, end := strings.Cut(rest, "\r\n")
	if !ok || !end {
		t.Fatalf("no %s in\n%s", name, sdp)
	}
	return value
}

// ufrag is the server's.
func (h *hostile) ufrag() string {
	ufrag, _, _ := strings.Cut(h.username, ":")
	return ufrag
}

// sourcesOf returns how many addresses an agent has had.
func (f *filter) sourcesOf(ufrag string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.agents[ufrag].sources)
}

// check returns a connectivity check that the server takes for the client's.
func (h *hostile) check(t testing.TB) []byte { return h.checkWith(t, h.username, h.password) }

func (h *hostile) checkWith(t testing.TB, username, password string) []byte {
	t.Helper()
	m, err := stun.Build(stun.BindingRequest, stun.TransactionID, stun.NewUsername(username),
		ice.PriorityAttr(1), ice.AttrControlling(1), stun.NewShortTermIntegrity(password), stun.Fingerprint)
	must(t, err)
	return m.Raw
}

// fromNewPort sends a datagram to the server from a port that it doesn't know.
func (h *hostile) fromNewPort(t testing.TB, b []byte) {
	t.Helper()
	c, err := net.Dial("udp4", h.server.String())
	must(t, err)
	_, err = c.Write(b)
	must(t, err)
	must(t, c.Close())
}
