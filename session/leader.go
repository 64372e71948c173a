package session

import (
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

func (s *state) isLeader(userID string) bool {
	return s.meta != nil && userID != "" && s.meta.LeaderID == userID
}

// mayLead refuses whoever isn't the leader; the empty user stands for one whom
// the access layer let in over REST, or the service itself.
func (s *state) mayLead(userID string) error {
	if !s.live() {
		return fault(wire.CodeSessionNotFound, "there is no session %s", s.id)
	}
	if userID != "" && !s.isLeader(userID) {
		return fault(wire.CodeNotLeader, "only the leader of the session may do that")
	}
	if u := s.users[userID]; u != nil && !u.mayLead() {
		return fault(wire.CodeMayNotLead, "the user's role doesn't lead")
	}
	return nil
}

// leaderGoneSince returns since when the leader isn't connected; gone is false
// when it is. A leader that isn't in the session counts from its election.
func (s *state) leaderGoneSince() (since instant, gone bool) {
	u := s.users[s.meta.LeaderID]
	if !s.leaderless() {
		return 0, false
	}
	since = s.meta.LeaderSince
	if u != nil {
		since = max(since, u.Changed)
	}
	return since, true
}

// leaderless reports whether the leader isn't connected, or may not lead any more.
func (s *state) leaderless() bool {
	if s.meta == nil {
		return false
	}
	u := s.users[s.meta.LeaderID]
	return !u.connected() || !u.mayLead()
}

// heir returns the longest-joined connected user but for the one given.
func (s *state) heir(but string) *user {
	return s.eldest(func(u *user) bool { return u.ID != but && u.connected() && u.mayLead() })
}

// eldest returns the longest-joined of the users that are so, nil if none is.
func (s *state) eldest(so func(*user) bool) *user {
	var eldest *user
	for _, u := range s.users {
		if so(u) && (eldest == nil || compareJoining(u.JoinedAt, eldest.JoinedAt, u.ID, eldest.ID) < 0) {
			eldest = u
		}
	}
	return eldest
}

// handOver makes the heir the leader, if there is one.
func (s *state) handOver(from string, now instant) []change {
	if heir := s.heir(from); heir != nil {
		return []change{s.elect(heir.ID, now)}
	}
	return nil
}

func (s *state) elect(userID string, now instant) change {
	m := *s.meta
	m.LeaderID, m.LeaderSince, m.Asked, m.AskedAt = userID, now, "", 0
	return s.put(true, &m, kindMeta)
}

// transferDue returns when the leadership is to pass on because the leader is
// gone; ok is false when it isn't, or when nobody could take over.
func transferDue(s *state, grace time.Duration) (due instant, ok bool) {
	if s.meta == nil {
		return 0, false
	}
	since, gone := s.leaderGoneSince()
	if !gone || s.heir(s.meta.LeaderID) == nil {
		return 0, false
	}
	return since.add(grace), true
}

// transfer passes the leadership on if that is due: to who asked for it first since the leader went, else to the heir.
func transfer(s *state, grace time.Duration, now instant) []change {
	if due, ok := transferDue(s, grace); !ok || now < due {
		return nil
	}
	if s.asked() {
		return []change{s.elect(s.meta.Asked, now)}
	}
	return s.handOver(s.meta.LeaderID, now)
}

// asked reports whether somebody who is there and may lead has asked for the lead since the leader went.
func (s *state) asked() bool {
	since, gone := s.leaderGoneSince()
	u := s.users[s.meta.Asked]
	return gone && s.meta.AskedAt >= since && u.connected() && u.mayLead()
}

// vacant reports whether somebody else may lead now: the leader left, may not lead any more, or has been away for
// longer than it may be. Until then it only has to come back.
func (s *state) vacant(grace time.Duration, now instant) bool {
	since, gone := s.leaderGoneSince()
	u := s.users[s.meta.LeaderID]
	return gone && (u == nil || !u.mayLead() || now >= since.add(grace))
}

// requestLeadership gives the leadership to a user when the leader has been away for long enough, or at once
// to one who rules. Who asks before is the next leader, if the one of now doesn't come back.
func requestLeadership(s *state, userID string, rules bool, grace time.Duration, now instant) ([]change, error) {
	switch {
	case !s.live():
		return nil, fault(wire.CodeSessionNotFound, "there is no session %s", s.id)
	case s.isLeader(userID):
		return nil, nil
	case s.users[userID] == nil || !s.users[userID].mayLead():
		return nil, fault(wire.CodeMayNotLead, "the user's role doesn't lead")
	}
	switch _, gone := s.leaderGoneSince(); {
	case rules:
	case !gone:
		return nil, fault(wire.CodeLeaderConnected, "the leader is connected")
	case !s.vacant(grace, now):
		return s.ask(userID, now), nil
	}
	return []change{s.elect(userID, now)}, nil
}

// ask notes who is to lead next, unless somebody else was first.
func (s *state) ask(userID string, now instant) []change {
	if s.asked() {
		return nil
	}
	m := *s.meta
	m.Asked, m.AskedAt = userID, now
	return []change{s.put(true, &m, kindMeta)}
}
