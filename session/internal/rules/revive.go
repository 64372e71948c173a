package rules

import (
	"cmp"
	"strings"
)

// Parts returns the keys of the users, of the session as a whole, and all others.
func (s *State) Parts() (users []string, whole string, rest []string) {
	whole = KeyOf(s.ID, KindMeta)
	for _, key := range sortedKeys(s.Revisions) {
		switch {
		case strings.HasPrefix(key, KeyOf(s.ID, KindUser)+"."):
			users = append(users, key)
		case key != whole:
			rest = append(rest, key)
		}
	}
	return users, whole, rest
}

// Revive makes a session anew of those who joined it at the moment at which it was removed.
// Its creator's token is forgotten, and may become the new one's. Where nobody who is
// there may lead, the lead waits for somebody who may.
func Revive(s *State, now Instant) []Change {
	u := cmp.Or(s.heir(""), s.eldest((*User).connected))
	if s.Meta != nil || u == nil {
		return nil
	}
	return []Change{s.Put(false, &Meta{
		CreatorID: u.ID, CreatorName: u.Username, CreatedAt: now, LeaderID: u.ID, LeaderSince: now, Revived: true,
	}, KindMeta)}
}
