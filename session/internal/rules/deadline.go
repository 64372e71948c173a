package rules

import "time"

// deadline is something that a session's instances do by themselves at an instant that
// follows from the state: whichever of them is first has done it for all.
type deadline struct {
	// due returns when it is to be done, an instant that has passed for what is to be done at once;
	// ok is false while there is nothing to do.
	Due func(s *State, v View, now Instant) (at Instant, ok bool)
	// step does it, once it is due.
	step func(s *State, v View, now Instant) ([]Change, error)
}

// View is what deadlines depend on besides the state: what an instance is set to and sees.
type View struct {
	Grace    time.Duration        // how long a leader may be away
	Lead     func() time.Duration // what a command needs now; it is asked where that counts
	Withheld map[string]Instant   // commands that nobody was told of yet: nothing is to come of them
}

// Deadlines are all of them, in the order in which those are met that are due at once.
var Deadlines = []deadline{
	{Due: stopDue, step: func(s *State, v View, now Instant) ([]Change, error) { return autoStop(s, v.Lead(), now), nil }},
	{
		Due:  func(s *State, v View, _ Instant) (Instant, bool) { return transferDue(s, v.Grace) },
		step: func(s *State, v View, now Instant) ([]Change, error) { return transfer(s, v.Grace, now), nil },
	},
	{Due: planDue, step: atOnce(plan)},
	{Due: ifAny(unburied), step: atOnce(unburied)},
	{Due: ifAny(unplan), step: atOnce(unplan)},
	{
		Due:  func(s *State, _ View, _ Instant) (Instant, bool) { return holdDue(s) },
		step: func(s *State, v View, now Instant) ([]Change, error) { return endHold(s, v.Lead(), now) },
	},
	{Due: completedDue, step: atOnce(Completed)},
	{Due: ifAny(Unseat), step: atOnce(Unseat)},
}

// ifAny is due as long as there are changes to be made.
func ifAny(changes func(*State, Instant) []Change) func(*State, View, Instant) (Instant, bool) {
	return func(s *State, _ View, now Instant) (Instant, bool) { return 0, len(changes(s, now)) > 0 }
}

// atOnce is a step that depends on nothing but the state and the time.
func atOnce(changes func(*State, Instant) []Change) func(*State, View, Instant) ([]Change, error) {
	return func(s *State, _ View, now Instant) ([]Change, error) { return changes(s, now), nil }
}

// Meet does what the deadline is for, if it is due by now.
func (d deadline) Meet(s *State, v View, now Instant) ([]Change, error) {
	if at, ok := d.Due(s, v, now); !ok || now < at {
		return nil, nil
	}
	return d.step(s, v, now)
}

// stopDue returns when the stop of the take is to be issued that has a duration.
func stopDue(s *State, v View, now Instant) (Instant, bool) {
	take := s.activeTake(now)
	if take == nil || take.Duration == 0 || v.withholds(take) {
		return 0, false
	}
	take, due := autoStopDue(s, v.Lead(), now)
	return due, take != nil
}

// planDue returns when the recordings of a take get their entries.
func planDue(s *State, v View, _ Instant) (Instant, bool) {
	take := s.unplanned()
	if take == nil || v.withholds(take) {
		return 0, false
	}
	return take.Timestamp, true
}

// completedDue returns when all recordings may be uploaded: at the end of the take, or now.
func completedDue(s *State, _ View, now Instant) (Instant, bool) {
	if take := s.activeTake(now); take != nil {
		stop := s.StopOf(take.ID)
		if stop == nil {
			return 0, false
		}
		return stop.Timestamp, true
	}
	return 0, len(Completed(s, now)) > 0
}

// withholds reports whether a take may still be called off before anybody is told of it.
func (v View) withholds(take *CommandRecord) bool {
	_, is := v.Withheld[take.ID]
	return is
}
