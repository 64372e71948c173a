package session

import (
	"cmp"
	"slices"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// JoinRequest says who joins what. All but SessionID is optional.
type JoinRequest struct {
	SessionID    string // the session is created if missing
	NoCreate     bool   // unless the request says not to
	UserID       string // given by the service if empty
	Username     string
	Avatar       string
	DeviceType   string // desktop, mobile or native; what has one takes part in recordings
	Records      *bool  // false: it acts, and is no part of takes; nil: as before, at first true
	ViewType     string // front, side, or any label
	UserAgent    string
	ResumeToken  string // to come back as the same device
	UserToken    string // to join as a further device of a user, as SessionJoined had it
	CreatorToken string // as Create returned it: joins as the creator, who leads from then on
	Admission    Admission
}

// maxUserDevices bounds the devices of one user, and so the size of its entry. One more takes
// the place of the one that has been away the longest.
const maxUserDevices = 64

// rememberedDevices is how many times as many devices as may be connected a session
// remembers: who comes and goes without its resume token makes room for others then.
const rememberedDevices = 5

// newcomer is a JoinRequest with everything random drawn.
type newcomer struct {
	JoinRequest
	deviceID, userID string // for whom has none
	secret           string // for a new device's resume token
	userSecret       string // for a new user's token
	maxDevices       int
	grace            time.Duration // how long a leader who is away stays the leader
	instance         string
}

// seat is where a newcomer sits.
type seat struct {
	userID, deviceID, token string
	userToken               string // empty where it isn't to be told
	conn                    uint64
	rules                   bool // may take the lead from one who is there
}

// join seats a newcomer: as the device that it was before, or as a new device of a new
// user, of a user whose token it has, or of the creator. It creates the session if there
// is none.
func join(s *state, n newcomer, now instant) (seat, []change, error) {
	if u, d := s.resumed(n); d != nil {
		return resume(s, u, d, n, now)
	}
	if err := n.mayEnter(s); err != nil {
		return seat{}, nil, err
	}
	who, err := n.identity(s)
	if err != nil {
		return seat{}, nil, err
	}
	present := s.users[who.userID]
	if err := n.fits(s, present, who); err != nil {
		return seat{}, nil, err
	}
	changes := n.leads(s, who, now)
	u := n.user(present, who, now)
	if len(u.Devices) >= maxUserDevices { // a browser's dead pages must not keep its next one out
		i := u.longestGone()
		u.Devices = slices.Delete(u.Devices, i, i+1)
	}
	u.Devices = append(u.Devices, n.device(who, now))
	changes = append(changes, s.put(present != nil, u, kindUser, u.ID))
	return seat{
		userID: u.ID, deviceID: n.deviceID, token: tokenOf(n.deviceID, n.secret), userToken: n.toldToken(u),
		conn: 1, rules: who.creator || n.Admission.Rules,
	}, changes, nil
}

// mayEnter refuses whoever needs a session that exists, or a proof, and brings none.
func (n *newcomer) mayEnter(s *state) error {
	switch a := n.Admission; {
	case s.meta != nil && !s.live():
		return &Error{wire.CodeSessionNotFound, "session " + s.id + " has just ended", true}
	case s.meta == nil && (a.NoCreate || n.NoCreate):
		// Who was there may wait for it: the creator may be on the way back to a server that was restarted.
		return &Error{wire.CodeSessionNotFound, "there is no session " + s.id, n.NoCreate && n.ResumeToken != ""}
	case a.NeedsProof && n.CreatorToken == "":
		return fault(wire.CodeBadResumeToken, "the session doesn't know the resumeToken; join with its key")
	}
	return nil
}

// fits refuses a user who is somebody else, and a device too many.
func (n *newcomer) fits(s *state, present *user, who identity) error {
	switch {
	case present != nil && !who.proved:
		return fault(wire.CodeUserIDTaken, "user %s is in the session; its resumeToken or userToken is needed", who.userID)
	case present != nil && len(present.Devices) >= maxUserDevices && present.longestGone() < 0:
		return fault(wire.CodeTooManyDevices, "user %s has %d devices", who.userID, len(present.Devices))
	case s.connectedCount() >= n.maxDevices && !(who.creator || n.Admission.Rules) || s.connectedCount() >= n.maxDevices+keptPlaces:
		return &Error{wire.CodeSessionFull, "the session is full", true}
	}
	return nil
}

// keptPlaces are for the creator and who has the admin key, beyond those that others may take: whoever
// fills a session, somebody gets in who can remove them.
const keptPlaces = 8

// leads creates the session, or gives the newcomer the lead where that is its due.
func (n *newcomer) leads(s *state, who identity, now instant) []change {
	switch {
	case s.meta == nil:
		return []change{s.put(false, n.founded(meta{CreatedAt: now, Revived: n.ResumeToken != "" || n.UserToken != ""}, who, now), kindMeta)}
	case who.creator && !s.isCreator(n.CreatorToken):
		return []change{s.put(true, n.founded(*s.meta, who, now), kindMeta)}
	case who.creator && !s.isLeader(who.userID):
		return []change{s.elect(who.userID, now)}
	case (n.Admission.Role == RoleLeader || n.Admission.Rules) && s.vacant(n.grace, now) && !s.isLeader(who.userID):
		return []change{s.elect(who.userID, now)}
	}
	return nil
}

// founded returns a session's meta with the newcomer as its creator and leader.
func (n *newcomer) founded(m meta, who identity, now instant) *meta {
	m.CreatorID, m.CreatorName = who.userID, n.Username
	m.LeaderID, m.LeaderSince = who.userID, now
	if who.creator {
		m.TokenHash, m.Revived = hash(n.CreatorToken), false
	}
	return &m
}

func (n *newcomer) user(present *user, who identity, now instant) *user {
	if present != nil {
		u := present.copy()
		u.LastSeen, u.Changed = now, now
		return u
	}
	return &user{
		ID: who.userID, Username: cmp.Or(n.Username, guestName(who.userID)), Avatar: n.Avatar, TokenHash: hash(n.userTokenSecret()),
		JoinedAt: now, LastSeen: now, Changed: now,
	}
}

// ownName is the name that a user has given, if any.
func (u *user) ownName() string {
	if u.Username == guestName(u.ID) {
		return ""
	}
	return u.Username
}

func (n *newcomer) device(who identity, now instant) device {
	return device{
		ID: n.deviceID, Type: n.DeviceType, View: n.ViewType, UserAgent: n.UserAgent, NoRecords: n.Records != nil && !*n.Records,
		TokenHash: hash(n.secret), JoinedAt: now, Connected: true, Conn: 1, Since: now,
		Instance: n.instance, Role: who.role,
	}
}
