package session

import (
	"slices"

	"github.com/downbeat-sync/downbeat/wire"
)

// Role is what a device may do at most. The empty one may do everything.
type Role string

// The roles that somebody else gives.
const (
	RoleLeader   Role = "leader"   // may lead
	RoleMember   Role = "member"   // acts, and never leads
	RoleWatcher  Role = "watcher"  // sees and plays: it acts and says so, records nothing, and never leads
	RoleObserver Role = "observer" // only looks on: it doesn't act, record or report
)

// Admission says how somebody may join. The zero value allows all.
type Admission struct {
	UserID     string // proved by somebody else; empty: as the request says
	Role       Role
	NoCreate   bool // only a session that exists
	NeedsProof bool // only with the session's own resumeToken or creator's token; who comes back keeps its role
	Rules      bool // may take the lead even from one who is there
}

// Role returns what the member may do at most.
func (m *Member) Role() Role { return m.role }

// mayLead reports whether a connected device of the user may lead; one that
// isn't connected at all is judged by all that it has.
func (u *user) mayLead() bool {
	leads := func(d device) bool { return d.mayLead() && (d.Connected || !u.connected()) }
	return slices.ContainsFunc(u.Devices, leads)
}

func (d *device) mayLead() bool { return d.Role.leads() }

func (r Role) leads() bool { return r == "" || r == RoleLeader }

// recorder reports whether the device takes part in takes.
func (d *device) recorder() bool {
	return d.Type != "" && !d.NoRecords && d.Role != RoleWatcher && d.Role != RoleObserver
}

// means reports whether a command is meant for a device. One that says it records
// nothing, or that a take has no use for, has no part in the take's start and stop.
func (s *state) means(d *device, c *command) bool {
	take := c
	switch c.Event {
	case wire.StopRecording:
		take = s.commands[c.Take]
	case wire.StartRecording:
	default:
		return true
	}
	return d.Type == "" || take != nil && d.records(take)
}
