package signaling

import (
	"maps"
	"slices"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/session"
)

// What each role may send. Who may lead may send everything: an event that is in none of
// these lists is the leader's, or the session refuses it.
var (
	forObservers = events(nil, "join_session", "leave_session", "heartbeat", "request_session_state", "report_desync",
		"offer", "candidate", "resync")
	forWatchers = events(forObservers, "armed", "fired", "missed", "device_status", "media_info", "buffering", "update_user", "update_device")
	forMembers  = events(forWatchers, "recording_started", "recording_stopped", "recording_failed", "recording_part",
		"recording_report", "upload_completed", "monitor")
)

func events(less map[string]bool, more ...string) map[string]bool {
	all := maps.Clone(less)
	if all == nil {
		all = map[string]bool{}
	}
	for event := range slices.Values(more) {
		all[event] = true
	}
	return all
}

// sends are the lists by role; a role that isn't there may send everything.
var sends = map[session.Role]map[string]bool{
	session.RoleObserver: forObservers, session.RoleWatcher: forWatchers, session.RoleMember: forMembers,
}

// allowed refuses events that the member's role can't send.
func (l *link) allowed(event string) error {
	role := l.member.Role()
	if may, limited := sends[role]; limited && !may[event] {
		return &session.Error{Code: access.CodeNotAllowed, Message: "the role " + string(role) + " doesn't allow that"}
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
