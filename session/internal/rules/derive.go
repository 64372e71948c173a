package rules

import (
	"reflect"
	"slices"

	"github.com/downbeat-sync/downbeat/wire"
)

// Notice is an event that the members are told.
type Notice struct {
	Name string
	Data any
	Each func(*Device) any // if set, the data as each device gets it
}

// Derive tells what a change of an entry means to the members of the session,
// which is in the state after it.
func Derive(s *State, d Diff) []Notice {
	if d.Before != nil && reflect.DeepEqual(d.Before, d.After) {
		return nil // written anew, so that the store doesn't forget it
	}
	switch d.Kind {
	case KindUser:
		before, _ := d.Before.(*User)
		after, _ := d.After.(*User)
		return slices.Concat(userChanged(before, after), userEdited(before, after), devicesGone(before, after))
	case KindMeta:
		before, _ := d.Before.(*Meta)
		after, _ := d.After.(*Meta)
		return metaChanged(s, before, after)
	case KindCommand:
		before, _ := d.Before.(*CommandRecord)
		after, _ := d.After.(*CommandRecord)
		return commandChanged(before, after)
	case KindPlayback:
		before, _ := d.Before.(*Playback)
		if after, _ := d.After.(*Playback); after != nil {
			return playbackChanged(s, before, after)
		}
	case kindCamera:
		after, _ := d.After.(*cameraWish)
		return cameraChanged(d.Ids[0], after)
	case KindTake:
		after, _ := d.After.(*takeMeta)
		return takeChanged(after)
	case KindCompleted:
		if after, _ := d.After.(*completion); after != nil {
			return []Notice{tell(wire.SessionCompleted, SessionCompleted{s.ID, after.At.Time()})}
		}
	}
	return nil
}

// userChanged announces whose connections came and went: devices that went,
// then the user, then devices that came. A device that comes back before its old connection
// was missed has only been connected all the time.
func userChanged(before, after *User) []Notice {
	var went, came []Notice
	for _, d := range DevicesOf(before) {
		if d.Connected && !after.has(d.ID) {
			went = append(went, tell(wire.DeviceDisconnected, DeviceDisconnected{d.ID, changedAt(before, after)}))
		}
	}
	for _, d := range DevicesOf(after) {
		if d.Connected && !before.has(d.ID) {
			came = append(came, tell(wire.DeviceJoined, DeviceJoined{d.ID, d.Type, d.View, d.Since.Time(), after.ID, d.Recorder(), d.Silenced}))
		}
	}
	switch was, is := before.connected(), after.connected(); {
	case is && !was:
		joined := UserJoined{after.ID, after.Username, after.Avatar, after.Changed.Time()}
		came = append([]Notice{tell(wire.UserJoined, joined)}, came...)
	case was && !is:
		left := UserLeft{before.ID, before.Username, changedAt(before, after)}
		went = append(went, tell(wire.UserLeft, left))
	}
	return append(went, came...)
}

func metaChanged(s *State, before, after *Meta) []Notice {
	if before == nil || after == nil {
		return nil
	}
	var notices []Notice
	if after.LeaderID != before.LeaderID {
		led := LeadershipChanged{after.LeaderID, s.nameOf(after.LeaderID), after.LeaderSince.Time()}
		notices = append(notices, tell(wire.LeadershipChanged, led))
	}
	if after.Name != before.Name {
		notices = append(notices, tell(wire.SessionChanged, SessionChanged{after.Name, after.NamedAt.Time()}))
	}
	if after.Ended != before.Ended {
		notices = append(notices, tell(wire.SessionEnded, SessionEnded{after.Ended.Time()}))
	}
	return notices
}

// nameOf returns what a user is called, empty if it isn't there.
func (s *State) nameOf(userID string) string {
	if u := s.Users[userID]; u != nil {
		return u.Username
	}
	return ""
}

func commandChanged(before, after *CommandRecord) []Notice {
	switch {
	case after == nil:
		return nil
	case after.Cancelled && before != nil && !before.Cancelled:
		return []Notice{tell(wire.Cancelled, Cancelled{after.ID, after.Reason})}
	case before == nil && !after.Cancelled:
		return Announce(after)
	}
	return nil
}

// Announce tells the devices to act on a command.
func Announce(c *CommandRecord) []Notice {
	switch c.Event {
	case wire.Command:
		payload := c.Payload
		if payload == nil {
			payload = []byte("null")
		}
		late, _ := c.maxLate()
		return []Notice{tell(c.Event, Command{c.ID, c.Name, payload, c.Timestamp.Time(), Millis(late)})}
	case wire.StopRecording:
		return []Notice{tell(c.Event, StopRecording{c.ID, c.Timestamp.Time()})}
	case wire.StartRecording:
		e := StartRecording{CommandID: c.ID, PostureLabel: c.Label, Duration: Millis(c.Duration), Timestamp: c.Timestamp.Time()}
		return []Notice{{Name: c.Event, Each: func(d *Device) any {
			own := e
			if d.records(c) {
				own.RecordingID = RecordingID(c.ID, d.ID)
			}
			return own
		}}}
	}
	return nil // a playback_sync is told by the timeline
}

func tell(name string, data any) Notice { return Notice{Name: name, Data: data} }

// To returns the notice's data as a device gets it.
func (n Notice) To(d *Device) any {
	if n.Each != nil {
		return n.Each(d)
	}
	return n.Data
}
