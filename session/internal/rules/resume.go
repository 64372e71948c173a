package rules

import (
	"cmp"

	"github.com/downbeat-sync/downbeat/wire"
)

// resumed finds the device that the newcomer says it is. One that the session
// doesn't know (any more) joins as if it had no token.
func (s *State) resumed(n Newcomer) (*User, *Device) {
	if n.ResumeToken == "" {
		return s.named(n)
	}
	deviceID, _ := ParseSecret(n.ResumeToken)
	if s.Meta != nil && !s.Live() {
		return nil, nil
	}
	return s.seated(deviceID)
}

// resume connects a device anew. The connection that it had, if any, is
// over with that: its member learns it from the device's entry.
func resume(s *State, u *User, d *Device, n Newcomer, now Instant) (Seat, []Change, error) {
	_, secret := ParseSecret(n.ResumeToken)
	as := cmp.Or(n.Admission.UserID, n.UserID)
	if n.ResumeToken != "" && !Matches(secret, d.TokenHash) || as != "" && as != u.ID {
		return Seat{}, nil, Fault(wire.CodeBadResumeToken, "the resumeToken isn't this device's")
	}
	c := u.copy()
	back := &c.Devices[c.index(d.ID)]
	back.Connected, back.Since, back.Instance = true, now, n.Instance
	back.Conn++
	token := n.ResumeToken
	if token == "" { // it has come by its name
		token, back.TokenHash = tokenOf(d.ID, n.NewSecret), Hash(n.NewSecret)
	}
	creator := s.IsCreator(n.CreatorToken)
	n.renew(back, creator)
	if len(c.TokenHash) == 0 { // of a user who came before there were such tokens
		c.TokenHash = Hash(n.userTokenSecret())
	}
	c.LastSeen, c.Changed = now, now
	return Seat{
		UserID: u.ID, DeviceID: d.ID, Token: token, UserToken: n.toldToken(c), Conn: back.Conn,
		Rules: creator || n.Admission.Rules,
	}, []Change{s.Put(true, c, KindUser, u.ID)}, nil
}

// renew takes over what the device says of itself this time.
func (n *Newcomer) renew(d *Device, creator bool) {
	switch {
	case creator:
		d.Role = ""
	case !n.Admission.NeedsProof: // what has nothing but its token is what it was
		d.Role = n.Admission.Role
	}
	d.Type = cmp.Or(n.DeviceType, d.Type)
	d.View = cmp.Or(n.ViewType, d.View)
	d.UserAgent = cmp.Or(n.UserAgent, d.UserAgent)
	d.NoClock = n.NoClock
	if n.Records != nil {
		d.NoRecords = !*n.Records
	}
}
