package session

import "slices"

// Role is what a device may do at most. The empty one may do everything.
type Role string

// The roles that somebody else gives.
const (
	RoleLeader   Role = "leader"   // may lead
	RoleMember   Role = "member"   // acts, and never leads
	RoleObserver Role = "observer" // only looks on: it doesn't act, record or report
)

// Admission says how somebody may join. The zero value allows all.
type Admission struct {
	UserID     string // proved by somebody else; empty: as the request says
	Role       Role
	NoCreate   bool // only a session that exists
	NeedsProof bool // only with the session's own resumeToken or creator's token
}

// Role returns what the member may do at most.
func (m *Member) Role() Role { return m.role }

// mayLead reports whether a connected device of the user may lead; one that
// isn't connected at all is judged by all that it has.
func (u *user) mayLead() bool {
	leads := func(d device) bool { return d.mayLead() && (d.Connected || !u.connected()) }
	return slices.ContainsFunc(u.Devices, leads)
}

func (d *device) mayLead() bool { return d.Role == "" || d.Role == RoleLeader }
