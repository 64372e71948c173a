package rules

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

// mayLead reports whether a connected device of the user may lead; one that
// isn't connected at all is judged by all that it has.
func (u *User) mayLead() bool {
	leads := func(d Device) bool { return d.mayLead() && (d.Connected || !u.connected()) }
	return slices.ContainsFunc(u.Devices, leads)
}

func (d *Device) mayLead() bool { return d.Role.Leads() }

// Leads reports whether a device of the role may lead.
func (r Role) Leads() bool { return r == "" || r == RoleLeader }

// Recorder reports whether the device takes part in takes.
func (d *Device) Recorder() bool {
	return d.Type != "" && !d.NoRecords && d.Role != RoleWatcher && d.Role != RoleObserver
}

// means reports whether a command is meant for a device. One that says it records
// nothing, or that a take has no use for, has no part in the take's start and stop.
func (s *State) means(d *Device, c *CommandRecord) bool {
	take := c
	switch c.Event {
	case wire.StopRecording:
		take = s.Commands[c.Take]
	case wire.StartRecording:
	default:
		return true
	}
	return d.Type == "" || take != nil && d.records(take)
}
