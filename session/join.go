package session

import "cmp"

// JoinRequest says who joins what. All but SessionID is optional.
type JoinRequest struct {
	SessionID    string // the session is created if missing
	UserID       string // given by the service if empty
	Username     string
	Avatar       string
	DeviceType   string // desktop, mobile or native; what has one takes part in recordings
	ViewType     string // front, side, or any label
	UserAgent    string
	ResumeToken  string // to come back as the same device
	CreatorToken string // as Create returned it: joins as the creator, who leads from then on
	Admission    Admission
}

// maxUserDevices bounds the devices of one user, and so the size of its entry.
const maxUserDevices = 64

// rememberedDevices is how many times as many devices as may be connected a session
// remembers: who comes and goes without its resume token must not fill it for ever.
const rememberedDevices = 5

// newcomer is a JoinRequest with everything random drawn.
type newcomer struct {
	JoinRequest
	deviceID, userID string // for whom has none
	secret           string // for a new device's resume token
	maxDevices       int
	instance         string
}

// seat is where a newcomer sits.
type seat struct {
	userID, deviceID, token string
	conn                    uint64
}

// join seats a newcomer: as the device that it was before, or as a new device
// of a new user, or of the creator. It creates the session if there is none.
func join(s *state, n newcomer, now instant) (seat, []change, error) {
	if u, d := s.resumed(n); d != nil {
		return resume(s, u, d, n, now)
	}
	switch a := n.Admission; {
	case a.NoCreate && s.meta == nil:
		return seat{}, nil, fault(CodeSessionNotFound, "there is no session %s", s.id)
	case a.NeedsProof && n.CreatorToken == "":
		return seat{}, nil, fault(CodeBadResumeToken, "the session doesn't know the resumeToken; join with its key")
	}
	userID, claims, err := n.identity(s)
	if err != nil {
		return seat{}, nil, err
	}
	present := s.users[userID]
	switch {
	case present != nil && !claims && n.Admission.UserID == "":
		return seat{}, nil, fault(CodeUserIDTaken, "user %s is in the session; its resumeToken is needed", userID)
	case present != nil && len(present.Devices) >= maxUserDevices:
		return seat{}, nil, fault(CodeTooManyDevices, "user %s has %d devices", userID, len(present.Devices))
	case s.connectedCount() >= n.maxDevices:
		return seat{}, nil, &Error{CodeSessionFull, "the session is full", true}
	case len(s.owners) >= rememberedDevices*n.maxDevices:
		return seat{}, nil, &Error{CodeSessionFull, "the session remembers as many devices as it can; those that left without a word count", true}
	}
	var changes []change
	switch {
	case s.meta == nil:
		m := &meta{CreatorID: userID, CreatorName: n.Username, CreatedAt: now, LeaderID: userID, LeaderSince: now}
		changes = append(changes, s.put(false, m, kindMeta))
	case claims && !s.isLeader(userID), n.Admission.Role == RoleLeader && s.leaderless():
		changes = append(changes, s.elect(userID, now))
	}
	u := n.user(present, userID, now)
	u.Devices = append(u.Devices, n.device(now))
	changes = append(changes, s.put(present != nil, u, kindUser, userID))
	return seat{userID, n.deviceID, resumeToken(n.deviceID, n.secret), 1}, changes, nil
}

// identity returns the user that the newcomer joins as, and whether it has
// proved to be the creator.
func (n *newcomer) identity(s *state) (userID string, claims bool, err error) {
	if n.CreatorToken != "" {
		if s.meta == nil || !matches(n.CreatorToken, s.meta.TokenHash) {
			return "", false, fault(CodeBadToken, "the token isn't the creator's")
		}
		return s.meta.CreatorID, true, nil
	}
	if id := cmp.Or(n.Admission.UserID, n.UserID); id != "" {
		return id, false, nil
	}
	return n.userID, false, nil
}

func (n *newcomer) user(present *user, userID string, now instant) *user {
	if present != nil {
		u := present.copy()
		u.LastSeen, u.Changed = now, now
		return u
	}
	name := n.Username
	if name == "" {
		name = "Guest " + userID[:min(4, len(userID))]
	}
	return &user{ID: userID, Username: name, Avatar: n.Avatar, JoinedAt: now, LastSeen: now, Changed: now}
}

func (n *newcomer) device(now instant) device {
	return device{
		ID: n.deviceID, Type: n.DeviceType, View: n.ViewType, UserAgent: n.UserAgent,
		TokenHash: hash(n.secret), JoinedAt: now, Connected: true, Conn: 1, Since: now,
		Instance: n.instance, Role: n.Admission.Role,
	}
}

// resumed finds the device that the newcomer says it is. One that the session
// doesn't know (any more) joins as if it had no token.
func (s *state) resumed(n newcomer) (*user, *device) {
	if n.ResumeToken == "" {
		return nil, nil
	}
	deviceID, _ := parseResumeToken(n.ResumeToken)
	return s.device(deviceID)
}

// resume connects a device anew. The connection that it had, if any, is
// over with that: its member learns it from the device's entry.
func resume(s *state, u *user, d *device, n newcomer, now instant) (seat, []change, error) {
	_, secret := parseResumeToken(n.ResumeToken)
	as := cmp.Or(n.Admission.UserID, n.UserID)
	if !matches(secret, d.TokenHash) || as != "" && as != u.ID {
		return seat{}, nil, fault(CodeBadResumeToken, "the resumeToken isn't this device's")
	}
	c := u.copy()
	back := &c.Devices[c.index(d.ID)]
	back.Connected, back.Since, back.Instance = true, now, n.instance
	back.Conn++
	back.Role = n.Admission.Role
	if n.DeviceType != "" {
		back.Type = n.DeviceType
	}
	if n.ViewType != "" {
		back.View = n.ViewType
	}
	if n.UserAgent != "" {
		back.UserAgent = n.UserAgent
	}
	c.LastSeen, c.Changed = now, now
	return seat{u.ID, d.ID, n.ResumeToken, back.Conn}, []change{s.put(true, c, kindUser, u.ID)}, nil
}
