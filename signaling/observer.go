package signaling

import (
	"errors"
	"net/netip"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/session"
)

// Observer is told who comes, who goes and who is refused, for counting it and for writing
// it down. Its methods may be called with locks held: they must return at once.
type Observer interface {
	Joined(Visit)
	Left(Visit, Farewell)
	Refused(Refusal)
}

// Visit is a device's connection to a session.
type Visit struct {
	SessionID, UserID, DeviceID string
	Role                        session.Role
	Addr                        netip.Addr
	Resumed                     bool // as the device that it was before
}

// Farewell is how a connection ended.
type Farewell struct {
	Code     int    // of the close frame; 1006 where there was none
	Reason   string // the server's own, or silent; empty where the other side closed
	ByServer bool
	Stayed   time.Duration
}

// Refusal is a request or message that was refused.
type Refusal struct {
	Code      string // of the error
	Via       string // http or websocket
	Addr      netip.Addr
	SessionID string // empty where it isn't known
	DeviceID  string // empty before it joined
}

// nobody observes nothing.
type nobody struct{}

func (nobody) Joined(Visit)         {}
func (nobody) Left(Visit, Farewell) {}
func (nobody) Refused(Refusal)      {}

// WebSockets returns how many are open.
func (s *Server) WebSockets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// visit is what the link's device is, once it has joined. l.mu is held, or joining is answered.
func (l *link) visit() Visit {
	return Visit{
		SessionID: l.sessionID, UserID: l.member.UserID(), DeviceID: l.member.DeviceID(), Role: l.member.Role(), Addr: l.addr,
		Resumed: l.resumed,
	}
}

// tellLeft passes on how a connection ended that had joined. byServer says whether this server
// had closed it when reading failed with err.
func (l *link) tellLeft(byServer bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.member == nil {
		return
	}
	f := Farewell{ByServer: byServer, Stayed: time.Since(l.joinedAt)}
	var closed *websocket.CloseError
	switch {
	case byServer:
		f.Code, f.Reason = l.conn.closeCode, l.conn.closeText
	case errors.As(err, &closed):
		f.Code = closed.Code
	case isTimeout(err):
		f.Code, f.Reason = websocket.CloseAbnormalClosure, "silent"
	default:
		f.Code = websocket.CloseAbnormalClosure
	}
	l.server.observe.Left(l.visit(), f)
}

// tellRefused passes on that the other side gets an error. What the link is may be read
// without l.mu: only its reader changes it, before others know of it.
func (l *link) tellRefused(code string) {
	r := Refusal{Code: code, Via: "websocket", Addr: l.addr}
	if l.seated.Load() {
		r.SessionID, r.DeviceID = l.sessionID, l.member.DeviceID()
	}
	l.server.observe.Refused(r)
}
