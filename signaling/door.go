package signaling

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
)

// Claim counts a connection of an address that isn't one of this package's WebSockets among them, and fails where
// that or all together have as many as they may. release takes it off again.
func (s *Server) Claim(addr netip.Addr) (release func(), err error) {
	if !s.claim(addr) {
		return nil, tooManyConnections
	}
	return func() { s.unclaim(addr) }, nil
}

// Admit decides whether and how somebody at an address may join, and returns what the session is to
// be asked. What is refused, here or by the session, is to be told to [Server.Refused].
func (s *Server) Admit(addr netip.Addr, q JoinRequest) (session.JoinRequest, error) {
	if err := s.access.Patience(addr); err != nil {
		return session.JoinRequest{}, err
	}
	admission, err := s.access.Join(access.Claim{
		SessionID: q.SessionID, UserID: q.UserID, Key: q.Key, Token: q.Token,
		Resumes: q.ResumeToken != "", IsCreator: q.Token != "",
	})
	request := q.request()
	request.Admission = admission
	if s.access.Mode() == access.Token {
		request.CreatorToken = "" // the token is another one
	}
	return request, err
}

// Refused counts a wrong key or token of an address.
func (s *Server) Refused(addr netip.Addr, err error) { s.access.Refused(addr, err) }

// Caller carries the requests of a member out that is connected in another way than by this package's
// WebSocket, and without WebRTC. Its methods are to be called one at a time.
type Caller struct{ l *link }

// NewCaller returns the Caller of a member that has joined from an address, and completes what it is
// answered: the keys that it may hand on. A take that it starts is the member's to stop: its duration
// is told to the devices, and nothing more.
func (s *Server) NewCaller(m *session.Member, addr netip.Addr, joined *session.SessionJoined) *Caller {
	l := &link{server: s, addr: addr, member: m, peer: noPeer{}, sessionID: m.SessionID(), unended: true}
	l.tellKeys(joined)
	return &Caller{l}
}

// Request carries a request out, and returns the data of its answer, nil for none.
func (c *Caller) Request(ctx context.Context, event string, data json.RawMessage) (answer any, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return c.l.request(ctx, Message{Event: event, Data: data})
}

// HasLeft reports whether the member has left by a request.
func (c *Caller) HasLeft() bool { return c.l.left }

// noPeer is what a connection has that can't speak WebRTC.
type noPeer struct{}

var errNoPeer = errors.New("signaling: no WebRTC on this connection")

func (noPeer) Run(context.Context)                            {}
func (noPeer) Close()                                         {}
func (noPeer) Accept(context.Context, string) (string, error) { return "", errNoPeer }
func (noPeer) AddCandidate(string) error                      { return errNoPeer }
func (noPeer) HandleFrame([]byte, clock.SessionTime) error    { return errNoPeer }
func (noPeer) SendControl([]byte) error                       { return errNoPeer }
func (noPeer) Resync()                                        {}
