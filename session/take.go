package session

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
}

// start begins a take: one recording on each device with a type.
func start(s *state, c command, w when, now instant) ([]change, error) {
	if s.commands[c.ID] != nil {
		return nil, nil
	}
	if err := s.mayLead(c.By); err != nil {
		return nil, err
	}
	switch {
	case s.activeTake(now) != nil:
		return nil, fault(wire.CodeRecordingInProgress, "a recording is in progress")
	case s.aboutToStart(now) && s.meta.Take != c.ID:
		return nil, &Error{wire.CodeRecordingInProgress, "another recording is about to start", true}
	}
	if id := s.unknownDevice(c.Devices); id != "" {
		return nil, fault(wire.CodeUnknownDevice, "there is no device %s", id)
	}
	if len(s.recordings)+s.connectedCount() > maxRecordings {
		return nil, fault(wire.CodeTooManyRecordings, "the session has %d recordings", len(s.recordings))
	}
	changes, err := schedule(s, c, w, now)
	if err != nil {
		return nil, err
	}
	return append(s.reserve(c.ID, now), changes...), nil
}

// records reports whether a device makes a recording of a take, if it is there.
func (d *device) records(take *command) bool {
	return d.recorder() && (take.Devices == nil || slices.Contains(take.Devices, d.ID))
}

// unknownDevice returns the first of the ids that is no device's, if there is one.
func (s *state) unknownDevice(ids []string) string {
	for _, id := range ids {
		if s.owners[id] == "" {
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
func (s *state) reserve(take string, now instant) []change {
	if s.meta.Take == take {
		return nil
	}
	m := *s.meta
	m.Take, m.TakeAt = take, now
	return []change{s.put(true, &m, kindMeta)}
}

// aboutToStart reports whether somebody has won, whose start isn't here yet.
func (s *state) aboutToStart(now instant) bool {
	return s.meta.Take != "" && s.commands[s.meta.Take] == nil && now.sub(s.meta.TakeAt).Abs() < reserveFor
}

// stop ends the take. Its id follows from the take's, so that whoever stops it,
// leader or service, and on whichever instance, there is one stop.
func stop(s *state, by string, lead time.Duration, now instant) (id string, changes []change, err error) {
	if err := s.mayLead(by); err != nil {
		return "", nil, err
	}
	take := s.activeTake(now)
	if take == nil {
		return "", nil, fault(wire.CodeNotRecording, "no recording is in progress")
	}
	if stop := s.stopOf(take.ID); stop != nil {
		return stop.ID, nil, nil
	}
	c := s.newStop(take, by)
	c.IssuedAt, c.Timestamp = now, max(now.add(lead), take.Timestamp) // however many commands lie ahead
	return c.ID, []change{s.put(false, &c, kindCommand, c.ID)}, nil
}

func (s *state) newStop(take *command, by string) command {
	id := fmt.Sprintf("%s-stop", take.ID)
	for n := 2; s.commands[id] != nil; n++ { // only after a stop was cancelled
		id = fmt.Sprintf("%s-stop%d", take.ID, n)
	}
	return command{ID: id, Event: wire.StopRecording, By: by, Take: take.ID}
}

// activeTake returns the start of the take that isn't over yet, or nil.
func (s *state) activeTake(now instant) *command {
	for _, c := range s.commands {
		if c.Event != wire.StartRecording || c.Cancelled {
			continue
		}
		if stop := s.stopOf(c.ID); stop == nil || stop.Timestamp > now {
			return c
		}
	}
	return nil
}

// stopOf returns the stop of a take unless it is cancelled, or nil.
func (s *state) stopOf(takeID string) *command {
	for _, c := range s.commands {
		if c.Event == wire.StopRecording && c.Take == takeID && !c.Cancelled {
			return c
		}
	}
	return nil
}

// autoStopDue returns when the service has to issue the stop of a take that
// was started with a duration: early enough for the stop to have its lead.
func autoStopDue(s *state, lead time.Duration, now instant) (take *command, due instant) {
	take = s.activeTake(now)
	if take == nil || take.Duration == 0 || s.commands[take.ID+"-stop"] != nil {
		return nil, 0
	}
	return take, take.Timestamp.add(take.Duration - lead)
}

// autoStop issues that stop when it is due, for the very instant at which the
// duration is over, even when nobody was there to do so in time.
func autoStop(s *state, lead time.Duration, now instant) []change {
	take, due := autoStopDue(s, lead, now)
	if take == nil || now < due {
		return nil
	}
	c := s.newStop(take, "")
	c.IssuedAt, c.Timestamp = now, take.Timestamp.add(take.Duration)
	return []change{s.put(false, &c, kindCommand, c.ID)}
}

// recordingID names what a device records of a take. Whoever asks gets the
// same answer, so that nothing needs to be stored before there is a recording.
func recordingID(takeID, deviceID string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte("downbeat:"+takeID+"/"+deviceID)).String()
}

// takeUnderWay returns the take that isn't over as the protocol has it, or nil.
func (s *state) takeUnderWay(now instant) *Take {
	start := s.activeTake(now)
	if start == nil {
		return nil
	}
	t := &Take{
		TakeID: start.ID, PostureLabel: s.label(start.ID, start.Label), Timestamp: start.Timestamp.time(), Duration: millis(start.Duration), Devices: start.Devices,
	}
	if stop := s.stopOf(start.ID); stop != nil {
		at := stop.Timestamp.time()
		t.StopTimestamp, t.StopCommandID = &at, &stop.ID
	}
	return t
}
