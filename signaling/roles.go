package signaling

import (
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// senders are what the roles make of a device; one that isn't there may send everything.
var senders = map[session.Role]wire.Sender{
	session.RoleObserver: wire.Observer, session.RoleWatcher: wire.Watcher, session.RoleMember: wire.Member,
}

// allowed refuses events that the member's role can't send.
func (l *link) allowed(event string) error {
	role := l.member.Role()
	if is, limited := senders[role]; limited && is < wire.RequestOf(event).By {
		return &session.Error{Code: wire.CodeNotAllowed, Message: "the role " + string(role) + " doesn't allow that"}
	}
	return nil
}

// tellKeys adds the keys of the session's links that the member may hand on: those who
// may lead all of them, other devices their own.
func (l *link) tellKeys(joined *session.SessionJoined) {
	switch joined.Role {
	case "", session.RoleLeader:
		joined.Keys = l.server.access.Keys(joined.SessionID)
		joined.JoinKey = l.server.access.JoinKey(joined.SessionID)
	case session.RoleMember:
		joined.JoinKey = l.server.access.JoinKey(joined.SessionID)
	}
}
