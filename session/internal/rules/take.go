package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/wire"
)

// StartRequest asks for a recording on all devices that joined with a type.
type StartRequest struct {
	PostureLabel string
	Devices      []string           // the ones that record, of those that do; nil: all
	Duration     time.Duration      // 0: until stopped; rounded to milliseconds on the wire
	At           *clock.SessionTime // as in ScheduleRequest
	Delay        *time.Duration
	Unended      bool // Duration is told to the devices, and no stop follows from it as long as the asker is there: it stops
}

// Start begins a take: one recording on each device with a type.
func Start(s *State, c CommandRecord, w When, now Instant) ([]Change, error) {
	if s.Commands[c.ID] != nil {
		return nil, nil
	}
	if err := s.MayLead(c.By); err != nil {
		return nil, err
	}
	switch {
	case s.activeTake(now) != nil:
		return nil, Fault(wire.CodeRecordingInProgress, "a recording is in progress")
	case s.aboutToStart(now) && s.Meta.Take != c.ID:
		return nil, &Error{wire.CodeRecordingInProgress, "another recording is about to start", true}
	}
	if id := s.unknownDevice(c.Devices); id != "" {
		return nil, Fault(wire.CodeUnknownDevice, "there is no device %s", id)
	}
	if len(s.Recordings)+s.connectedCount() > maxRecordings {
		return nil, Fault(wire.CodeTooManyRecordings, "the session has %d recordings", len(s.Recordings))
	}
	changes, err := Schedule(s, c, w, now)
	if err != nil {
		return nil, err
	}
	return append(s.reserve(c.ID, now), changes...), nil
}

// records reports whether a device makes a recording of a take, if it is there.
func (d *Device) records(take *CommandRecord) bool {
	return d.Recorder() && (take.Devices == nil || slices.Contains(take.Devices, d.ID))
}

// unknownDevice returns the first of the ids that is no device's, if there is one.
func (s *State) unknownDevice(ids []string) string {
	for _, id := range ids {
		if s.Owners[id] == "" {
			return id
		}
	}
	return ""
}

// reserveFor is how long a start that nobody has seen may still come: longer
// than a request may take.
const reserveFor = 15 * time.Second

// reserve lets one of several starts at the same moment win: all of them have to
// write the same entry first.
func (s *State) reserve(take string, now Instant) []Change {
	if s.Meta.Take == take {
		return nil
	}
	m := *s.Meta
	m.Take, m.TakeAt = take, now
	return []Change{s.Put(true, &m, KindMeta)}
}

// aboutToStart reports whether somebody has won, whose start isn't here yet.
func (s *State) aboutToStart(now Instant) bool {
	return s.Meta.Take != "" && s.Commands[s.Meta.Take] == nil && now.Sub(s.Meta.TakeAt).Abs() < reserveFor
}

// Stop ends the take. Its id follows from the take's, so that whoever stops it,
// leader or service, and on whichever instance, there is one stop.
func Stop(s *State, by string, lead time.Duration, now Instant) (id string, changes []Change, err error) {
	if err := s.MayLead(by); err != nil {
		return "", nil, err
	}
	take := s.activeTake(now)
	if take == nil {
		return "", nil, Fault(wire.CodeNotRecording, "no recording is in progress")
	}
	if stop := s.StopOf(take.ID); stop != nil {
		return stop.ID, nil, nil
	}
	c := s.newStop(take, by)
	c.IssuedAt, c.Timestamp = now, max(now.Add(lead), take.Timestamp) // however many commands lie ahead
	return c.ID, []Change{s.Put(false, &c, KindCommand, c.ID)}, nil
}

func (s *State) newStop(take *CommandRecord, by string) CommandRecord {
	id := fmt.Sprintf("%s-stop", take.ID)
	for n := 2; s.Commands[id] != nil; n++ { // only after a stop was cancelled
		id = fmt.Sprintf("%s-stop%d", take.ID, n)
	}
	return CommandRecord{ID: id, Event: wire.StopRecording, By: by, Take: take.ID}
}

// activeTake returns the start of the take that isn't over yet, or nil.
func (s *State) activeTake(now Instant) *CommandRecord {
	for _, c := range s.Commands {
		if c.Event != wire.StartRecording || c.Cancelled {
			continue
		}
		if stop := s.StopOf(c.ID); stop == nil || stop.Timestamp > now {
			return c
		}
	}
	return nil
}

// UnderWay returns how many commands have their instants from now to an instant, and whether a take isn't over that
// has begun or begins by then.
func UnderWay(s *State, now, until Instant) (ahead int, recording bool) {
	for _, c := range s.Commands {
		if !c.Cancelled && c.Timestamp > now && c.Timestamp <= until {
			ahead++
		}
	}
	take := s.activeTake(now)
	return ahead, take != nil && take.Timestamp <= until
}

// StopOf returns the stop of a take unless it is cancelled, or nil.
func (s *State) StopOf(takeID string) *CommandRecord {
	for _, c := range s.Commands {
		if c.Event == wire.StopRecording && c.Take == takeID && !c.Cancelled {
			return c
		}
	}
	return nil
}

// goneFor is how long after its take should be over an asker that stops itself may be away.
const goneFor = 10 * time.Second

// endOf returns when the service ends a take that was started with a duration; ok is false as
// long as the asker, who is there, is to do that.
func (s *State) endOf(take *CommandRecord) (end Instant, ok bool) {
	end = take.Timestamp.Add(take.Duration)
	if !take.Unended {
		return end, true
	}
	by := s.Users[take.By]
	if by.connected() {
		return 0, false
	}
	if by != nil {
		end = max(end, by.Changed)
	}
	return end.Add(goneFor), true
}

// autoStopDue returns when the service has to issue the stop of a take that
// was started with a duration: early enough for the stop to have its lead.
func autoStopDue(s *State, lead time.Duration, now Instant) (take *CommandRecord, due Instant) {
	take = s.activeTake(now)
	if take == nil || take.Duration == 0 || s.Commands[take.ID+"-stop"] != nil {
		return nil, 0
	}
	end, ok := s.endOf(take)
	if !ok {
		return nil, 0
	}
	return take, end.Add(-lead)
}

// autoStop issues that stop when it is due, for the very instant at which the
// duration is over, even when nobody was there to do so in time.
func autoStop(s *State, lead time.Duration, now Instant) []Change {
	take, due := autoStopDue(s, lead, now)
	if take == nil || now < due {
		return nil
	}
	c := s.newStop(take, "")
	end, _ := s.endOf(take)
	c.IssuedAt, c.Timestamp = now, end
	return []Change{s.Put(false, &c, KindCommand, c.ID)}
}

// RecordingID names what a device records of a take. Whoever asks gets the
// same answer, so that nothing needs to be stored before there is a recording.
func RecordingID(takeID, deviceID string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte("downbeat:"+takeID+"/"+deviceID)).String()
}

// takeUnderWay returns the take that isn't over as the protocol has it, or nil.
func (s *State) takeUnderWay(now Instant) *Take {
	start := s.activeTake(now)
	if start == nil {
		return nil
	}
	t := &Take{
		TakeID: start.ID, PostureLabel: s.label(start.ID, start.Label), Timestamp: start.Timestamp.Time(), Duration: Millis(start.Duration), Devices: start.Devices,
	}
	if stop := s.StopOf(start.ID); stop != nil {
		at := stop.Timestamp.Time()
		t.StopTimestamp, t.StopCommandID = &at, &stop.ID
	}
	return t
}
