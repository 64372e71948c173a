package session

import "time"

// deadline is something that a session's instances do by themselves at an instant that
// follows from the state: whichever of them is first has done it for all.
type deadline struct {
	// due returns when it is to be done, an instant that has passed for what is to be done at once;
	// ok is false while there is nothing to do.
	due func(s *state, v view, now instant) (at instant, ok bool)
	// step does it, once it is due.
	step func(s *state, v view, now instant) ([]change, error)
}

// view is what deadlines depend on besides the state: what an instance is set to and sees.
type view struct {
	grace    time.Duration        // how long a leader may be away
	lead     func() time.Duration // what a command needs now; it is asked where that counts
	withheld map[string]instant   // commands that nobody was told of yet: nothing is to come of them
}

// deadlines are all of them, in the order in which those are met that are due at once.
var deadlines = []deadline{
	{due: stopDue, step: func(s *state, v view, now instant) ([]change, error) { return autoStop(s, v.lead(), now), nil }},
	{
		due:  func(s *state, v view, _ instant) (instant, bool) { return transferDue(s, v.grace) },
		step: func(s *state, v view, now instant) ([]change, error) { return transfer(s, v.grace, now), nil },
	},
	{due: planDue, step: atOnce(plan)},
	{due: ifAny(unburied), step: atOnce(unburied)},
	{due: ifAny(unplan), step: atOnce(unplan)},
	{
		due:  func(s *state, _ view, _ instant) (instant, bool) { return holdDue(s) },
		step: func(s *state, v view, now instant) ([]change, error) { return endHold(s, v.lead(), now) },
	},
	{due: completedDue, step: atOnce(completed)},
	{due: ifAny(unseat), step: atOnce(unseat)},
}

// ifAny is due as long as there are changes to be made.
func ifAny(changes func(*state, instant) []change) func(*state, view, instant) (instant, bool) {
	return func(s *state, _ view, now instant) (instant, bool) { return 0, len(changes(s, now)) > 0 }
}

// atOnce is a step that depends on nothing but the state and the time.
func atOnce(changes func(*state, instant) []change) func(*state, view, instant) ([]change, error) {
	return func(s *state, _ view, now instant) ([]change, error) { return changes(s, now), nil }
}

// meet does what the deadline is for, if it is due by now.
func (d deadline) meet(s *state, v view, now instant) ([]change, error) {
	if at, ok := d.due(s, v, now); !ok || now < at {
		return nil, nil
	}
	return d.step(s, v, now)
}

// stopDue returns when the stop of the take is to be issued that has a duration.
func stopDue(s *state, v view, now instant) (instant, bool) {
	take := s.activeTake(now)
	if take == nil || take.Duration == 0 || v.withholds(take) {
		return 0, false
	}
	take, due := autoStopDue(s, v.lead(), now)
	return due, take != nil
}

// planDue returns when the recordings of a take get their entries.
func planDue(s *state, v view, _ instant) (instant, bool) {
	take := s.unplanned()
	if take == nil || v.withholds(take) {
		return 0, false
	}
	return take.Timestamp, true
}

// completedDue returns when all recordings may be uploaded: at the end of the take, or now.
func completedDue(s *state, _ view, now instant) (instant, bool) {
	if take := s.activeTake(now); take != nil {
		stop := s.stopOf(take.ID)
		if stop == nil {
			return 0, false
		}
		return stop.Timestamp, true
	}
	return 0, len(completed(s, now)) > 0
}

// withholds reports whether a take may still be called off before anybody is told of it.
func (v view) withholds(take *command) bool {
	_, is := v.withheld[take.ID]
	return is
}
