package rules

import (
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// IsLeader reports whether a user leads the session.
func (s *State) IsLeader(userID string) bool {
	return s.Meta != nil && userID != "" && s.Meta.LeaderID == userID
}

// MayLead refuses whoever isn't the leader; the empty user stands for one whom
// the access layer let in over REST, or the service itself.
func (s *State) MayLead(userID string) error {
	if !s.Live() {
		return Fault(wire.CodeSessionNotFound, "there is no session %s", s.ID)
	}
	if userID != "" && !s.IsLeader(userID) {
		return Fault(wire.CodeNotLeader, "only the leader of the session may do that")
	}
	if u := s.Users[userID]; u != nil && !u.mayLead() {
		return Fault(wire.CodeMayNotLead, "the user's role doesn't lead")
	}
	return nil
}

// leaderGoneSince returns since when the leader isn't connected; gone is false
// when it is. A leader that isn't in the session counts from its election.
func (s *State) leaderGoneSince() (since Instant, gone bool) {
	u := s.Users[s.Meta.LeaderID]
	if !s.leaderless() {
		return 0, false
	}
	since = s.Meta.LeaderSince
	if u != nil {
		since = max(since, u.Changed)
	}
	return since, true
}

// leaderless reports whether the leader isn't connected, or may not lead any more.
func (s *State) leaderless() bool {
	if s.Meta == nil {
		return false
	}
	u := s.Users[s.Meta.LeaderID]
	return !u.connected() || !u.mayLead()
}

// heir returns the longest-joined connected user but for the one given.
func (s *State) heir(but string) *User {
	return s.eldest(func(u *User) bool { return u.ID != but && u.connected() && u.mayLead() })
}

// eldest returns the longest-joined of the users that are so, nil if none is.
func (s *State) eldest(so func(*User) bool) *User {
	var eldest *User
	for _, u := range s.Users {
		if so(u) && (eldest == nil || compareJoining(u.JoinedAt, eldest.JoinedAt, u.ID, eldest.ID) < 0) {
			eldest = u
		}
	}
	return eldest
}

// handOver makes the heir the leader, if there is one.
func (s *State) handOver(from string, now Instant) []Change {
	if heir := s.heir(from); heir != nil {
		return []Change{s.elect(heir.ID, now)}
	}
	return nil
}

func (s *State) elect(userID string, now Instant) Change {
	m := *s.Meta
	m.LeaderID, m.LeaderSince, m.Asked, m.AskedAt = userID, now, "", 0
	return s.Put(true, &m, KindMeta)
}

// transferDue returns when the leadership is to pass on because the leader is
// gone; ok is false when it isn't, or when nobody could take over.
func transferDue(s *State, grace time.Duration) (due Instant, ok bool) {
	if s.Meta == nil {
		return 0, false
	}
	since, gone := s.leaderGoneSince()
	if !gone || s.heir(s.Meta.LeaderID) == nil {
		return 0, false
	}
	return since.Add(grace), true
}

// transfer passes the leadership on if that is due: to who asked for it first since the leader went, else to the heir.
func transfer(s *State, grace time.Duration, now Instant) []Change {
	if due, ok := transferDue(s, grace); !ok || now < due {
		return nil
	}
	if s.asked() {
		return []Change{s.elect(s.Meta.Asked, now)}
	}
	return s.handOver(s.Meta.LeaderID, now)
}

// asked reports whether somebody who is there and may lead has asked for the lead since the leader went.
func (s *State) asked() bool {
	since, gone := s.leaderGoneSince()
	u := s.Users[s.Meta.Asked]
	return gone && s.Meta.AskedAt >= since && u.connected() && u.mayLead()
}

// vacant reports whether somebody else may lead now: the leader left, may not lead any more, or has been away for
// longer than it may be. Until then it only has to come back.
func (s *State) vacant(grace time.Duration, now Instant) bool {
	since, gone := s.leaderGoneSince()
	u := s.Users[s.Meta.LeaderID]
	return gone && (u == nil || !u.mayLead() || now >= since.Add(grace))
}

// RequestLeadership gives the leadership to a user when the leader has been away for long enough, or at once
// to one who rules. Who asks before is the next leader, if the one of now doesn't come back.
func RequestLeadership(s *State, userID string, rules bool, grace time.Duration, now Instant) ([]Change, error) {
	switch {
	case !s.Live():
		return nil, Fault(wire.CodeSessionNotFound, "there is no session %s", s.ID)
	case s.IsLeader(userID):
		return nil, nil
	case s.Users[userID] == nil || !s.Users[userID].mayLead():
		return nil, Fault(wire.CodeMayNotLead, "the user's role doesn't lead")
	}
	switch _, gone := s.leaderGoneSince(); {
	case rules:
	case !gone:
		return nil, Fault(wire.CodeLeaderConnected, "the leader is connected")
	case !s.vacant(grace, now):
		return s.ask(userID, now), nil
	}
	return []Change{s.elect(userID, now)}, nil
}

// ask notes who is to lead next, unless somebody else was first.
func (s *State) ask(userID string, now Instant) []Change {
	if s.asked() {
		return nil
	}
	m := *s.Meta
	m.Asked, m.AskedAt = userID, now
	return []Change{s.Put(true, &m, KindMeta)}
}
