package rules

// Commands that are over and no longer among the latest move from entries of
// their own into pages: one entry for several commands and what the devices
// reported about them. Pages lie outside of the session's own keys, so that
// neither watching a session nor scanning all of them reads any.
const (
	PageLen     = 32        // commands that move at a time
	MaxPage     = 512 << 10 // bytes; a page with more has fewer commands
	KeptHistory = 1000      // commands in pages that a session keeps at least
	keptPayload = 1 << 10   // bytes; a larger payload isn't kept in a page
)

// Overdue returns the oldest commands but for the latest, which keep an entry of
// their own; nil while there are fewer of them than a page has.
func Overdue(s *State, keep, pageLen int, now Instant) (list []*CommandRecord) {
	commands := s.CommandsByTime()
	if len(commands) < keep+pageLen {
		return nil
	}
	for _, c := range commands[:len(commands)-keep] {
		if !c.Paged && c.Timestamp < now && len(list) < pageLen {
			list = append(list, c)
		}
	}
	return list
}

// Prune forgets commands that are in a page, acknowledgements first, unless something has
// been acknowledged since it was written. The start of the take that goes on is only
// marked, and forgotten later.
func Prune(s *State, p *Page, now Instant) (changes []Change) {
	paged := map[string]*Past{}
	for i := range p.Commands {
		paged[p.Commands[i].ID] = &p.Commands[i]
	}
	active := s.activeTake(now)
	for _, c := range s.CommandsByTime() {
		switch over := paged[c.ID]; {
		case c.Timestamp >= now, c == active && c.Paged:
			continue // an instance whose clock is behind must not forget a stop before its start
		case !c.Paged && (over == nil || !(PagedCommand{p, over}).has(s.Acks[c.ID])):
			continue
		case c == active:
			marked := *c
			marked.Paged = true
			changes = append(changes, s.Put(true, &marked, KindCommand, c.ID))
			continue
		}
		if s.reports[c.ID] != nil {
			changes = append(changes, s.remove(KindReport, c.ID))
		}
		changes = append(changes, s.remove(KindCommand, c.ID))
	}
	return changes
}
