package rules

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

	ByName       bool // of clients that keep no tokens: who came so is joined again by its UserID alone
	DirectsTakes bool // where its role may lead, it starts and stops takes without leading
	NoClock      bool // the device's clock can't be known: it does what it is told when it hears it
}

// maxUserDevices bounds the devices of one user, and so the size of its entry. One more takes
// the place of the one that has been away the longest.
const maxUserDevices = 64

// RememberedDevices is how many times as many devices as may be connected a session
// remembers: who comes and goes without its resume token makes room for others then.
const RememberedDevices = 5

// Newcomer is a JoinRequest with everything random drawn.
type Newcomer struct {
	JoinRequest
	NewDeviceID, NewUserID string // for whom has none
	NewSecret              string // for a new device's resume token
	NewUserSecret          string // for a new user's token
	MaxDevices             int
	Grace                  time.Duration // how long a leader who is away stays the leader
	Instance               string
}

// Seat is where a newcomer sits.
type Seat struct {
	UserID, DeviceID, Token string
	UserToken               string // empty where it isn't to be told
	Conn                    uint64
	Rules                   bool // may take the lead from one who is there
}

// Join seats a newcomer: as the device that it was before, or as a new device of a new
// user, of a user whose token it has, or of the creator. It creates the session if there
// is none.
func Join(s *State, n Newcomer, now Instant) (Seat, []Change, error) {
	if u, d := s.resumed(n); d != nil {
		return resume(s, u, d, n, now)
	}
	if err := n.mayEnter(s); err != nil {
		return Seat{}, nil, err
	}
	who, err := n.identity(s)
	if err != nil {
		return Seat{}, nil, err
	}
	present := s.Users[who.userID]
	if err := n.fits(s, present, who); err != nil {
		return Seat{}, nil, err
	}
	changes := n.leads(s, who, now)
	u := n.user(present, who, now)
	if len(u.Devices) >= maxUserDevices { // a browser's dead pages must not keep its next one out
		i := u.longestGone()
		u.Devices = slices.Delete(u.Devices, i, i+1)
	}
	u.Devices = append(u.Devices, n.device(who, now))
	changes = append(changes, s.Put(present != nil, u, KindUser, u.ID))
	return Seat{
		UserID: u.ID, DeviceID: n.NewDeviceID, Token: tokenOf(n.NewDeviceID, n.NewSecret), UserToken: n.toldToken(u),
		Conn: 1, Rules: who.creator || n.Admission.Rules,
	}, changes, nil
}

// mayEnter refuses whoever needs a session that exists, or a proof, and brings none.
func (n *Newcomer) mayEnter(s *State) error {
	switch a := n.Admission; {
	case s.Meta != nil && !s.Live():
		return &Error{wire.CodeSessionNotFound, "session " + s.ID + " has just ended", true}
	case s.Meta == nil && (a.NoCreate || n.NoCreate):
		// Who was there may wait for it: the creator may be on the way back to a server that was restarted.
		return &Error{wire.CodeSessionNotFound, "there is no session " + s.ID, n.NoCreate && n.ResumeToken != ""}
	case a.NeedsProof && n.CreatorToken == "":
		return Fault(wire.CodeBadResumeToken, "the session doesn't know the resumeToken; join with its key")
	}
	return nil
}

// fits refuses a user who is somebody else, and a device too many.
func (n *Newcomer) fits(s *State, present *User, who identity) error {
	switch {
	case present != nil && !who.proved:
		return Fault(wire.CodeUserIDTaken, "user %s is in the session; its resumeToken or userToken is needed", who.userID)
	case present != nil && len(present.Devices) >= maxUserDevices && present.longestGone() < 0:
		return Fault(wire.CodeTooManyDevices, "user %s has %d devices", who.userID, len(present.Devices))
	case s.connectedCount() >= n.MaxDevices && !(who.creator || n.Admission.Rules) || s.connectedCount() >= n.MaxDevices+KeptPlaces:
		return &Error{wire.CodeSessionFull, "the session is full", true}
	}
	return nil
}

// KeptPlaces are for the creator and who has the admin key, beyond those that others may take: whoever
// fills a session, somebody gets in who can remove them.
const KeptPlaces = 8

// leads creates the session, or gives the newcomer the lead where that is its due.
func (n *Newcomer) leads(s *State, who identity, now Instant) []Change {
	switch {
	case s.Meta == nil:
		return []Change{s.Put(false, n.founded(Meta{CreatedAt: now, Revived: n.ResumeToken != "" || n.UserToken != ""}, who, now), KindMeta)}
	case who.creator && !s.IsCreator(n.CreatorToken):
		return []Change{s.Put(true, n.founded(*s.Meta, who, now), KindMeta)}
	case who.creator && !s.IsLeader(who.userID):
		return []Change{s.elect(who.userID, now)}
	case (n.Admission.Role == RoleLeader || n.Admission.Rules) && s.vacant(n.Grace, now) && !s.IsLeader(who.userID):
		return []Change{s.elect(who.userID, now)}
	}
	return nil
}

// founded returns a session's meta with the newcomer as its creator and leader.
func (n *Newcomer) founded(m Meta, who identity, now Instant) *Meta {
	m.CreatorID, m.CreatorName = who.userID, n.Username
	m.LeaderID, m.LeaderSince = who.userID, now
	if who.creator {
		m.TokenHash, m.Revived = Hash(n.CreatorToken), false
	}
	return &m
}

func (n *Newcomer) user(present *User, who identity, now Instant) *User {
	if present != nil {
		u := present.copy()
		u.LastSeen, u.Changed = now, now
		return u
	}
	return &User{
		ID: who.userID, Username: cmp.Or(n.Username, guestName(who.userID)), Avatar: n.Avatar, TokenHash: Hash(n.userTokenSecret()),
		JoinedAt: now, LastSeen: now, Changed: now, ByName: n.ByName && n.UserID != "",
	}
}

// ownName is the name that a user has given, if any.
func (u *User) ownName() string {
	if u.Username == guestName(u.ID) {
		return ""
	}
	return u.Username
}

func (n *Newcomer) device(who identity, now Instant) Device {
	return Device{
		ID: n.NewDeviceID, Type: n.DeviceType, View: n.ViewType, UserAgent: n.UserAgent, NoRecords: n.Records != nil && !*n.Records,
		TokenHash: Hash(n.NewSecret), JoinedAt: now, Connected: true, Conn: 1, Since: now,
		Instance: n.Instance, Role: who.role, NoClock: n.NoClock,
	}
}
