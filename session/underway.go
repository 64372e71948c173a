package session

import (
	"maps"
	"slices"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"
)

// UnderWay returns how many commands are scheduled within a time, and how many takes aren't over, in the sessions
// that have members at this instance.
func (s *Service) UnderWay(within time.Duration) (commands, takes int) {
	s.mu.Lock()
	rooms := slices.Collect(maps.Values(s.rooms))
	s.mu.Unlock()
	now := s.now()
	for _, r := range rooms {
		r.mu.Lock()
		if len(r.members) > 0 {
			ahead, recording := rules.UnderWay(r.state, now, now.Add(within))
			commands += ahead
			if recording {
				takes++
			}
		}
		r.mu.Unlock()
	}
	return commands, takes
}
