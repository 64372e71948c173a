package session

import (
	"cmp"

	"github.com/downbeat-sync/downbeat/wire"
)

// resumed finds the device that the newcomer says it is. One that the session
// doesn't know (any more) joins as if it had no token.
func (s *state) resumed(n newcomer) (*user, *device) {
	if n.ResumeToken == "" {
		return nil, nil
	}
	deviceID, _ := parseSecret(n.ResumeToken)
	if s.meta != nil && !s.live() {
		return nil, nil
	}
	return s.seated(deviceID)
}

// resume connects a device anew. The connection that it had, if any, is
// over with that: its member learns it from the device's entry.
func resume(s *state, u *user, d *device, n newcomer, now instant) (seat, []change, error) {
	_, secret := parseSecret(n.ResumeToken)
	as := cmp.Or(n.Admission.UserID, n.UserID)
	if !matches(secret, d.TokenHash) || as != "" && as != u.ID {
		return seat{}, nil, fault(wire.CodeBadResumeToken, "the resumeToken isn't this device's")
	}
	c := u.copy()
	back := &c.Devices[c.index(d.ID)]
	back.Connected, back.Since, back.Instance = true, now, n.instance
	back.Conn++
	creator := s.isCreator(n.CreatorToken)
	n.renew(back, creator)
	if len(c.TokenHash) == 0 { // of a user who came before there were such tokens
		c.TokenHash = hash(n.userTokenSecret())
	}
	c.LastSeen, c.Changed = now, now
	return seat{
		userID: u.ID, deviceID: d.ID, token: n.ResumeToken, userToken: n.toldToken(c), conn: back.Conn,
		rules: creator || n.Admission.Rules,
	}, []change{s.put(true, c, kindUser, u.ID)}, nil
}

// renew takes over what the device says of itself this time.
func (n *newcomer) renew(d *device, creator bool) {
	switch {
	case creator:
		d.Role = ""
	case !n.Admission.NeedsProof: // what has nothing but its token is what it was
		d.Role = n.Admission.Role
	}
	d.Type = cmp.Or(n.DeviceType, d.Type)
	d.View = cmp.Or(n.ViewType, d.View)
	d.UserAgent = cmp.Or(n.UserAgent, d.UserAgent)
	if n.Records != nil {
		d.NoRecords = !*n.Records
	}
}
