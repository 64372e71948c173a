package session

import (
	"reflect"
	"slices"

	"github.com/downbeat-sync/downbeat/wire"
)

// notice is an event that the members are told.
type notice struct {
	name string
	data any
	each func(*device) any // if set, the data as each device gets it
}

// derive tells what a change of an entry means to the members of the session,
// which is in the state after it.
func derive(s *state, d diff) []notice {
	if d.before != nil && reflect.DeepEqual(d.before, d.after) {
		return nil // written anew, so that the store doesn't forget it
	}
	switch d.kind {
	case kindUser:
		before, _ := d.before.(*user)
		after, _ := d.after.(*user)
		return slices.Concat(userChanged(before, after), userEdited(before, after), devicesGone(before, after))
	case kindMeta:
		before, _ := d.before.(*meta)
		after, _ := d.after.(*meta)
		return metaChanged(s, before, after)
	case kindCommand:
		before, _ := d.before.(*command)
		after, _ := d.after.(*command)
		return commandChanged(before, after)
	case kindPlayback:
		before, _ := d.before.(*playback)
		if after, _ := d.after.(*playback); after != nil {
			return playbackChanged(s, before, after)
		}
	case kindCamera:
		after, _ := d.after.(*cameraWish)
		return cameraChanged(d.ids[0], after)
	case kindTake:
		after, _ := d.after.(*takeMeta)
		return takeChanged(after)
	case kindCompleted:
		if after, _ := d.after.(*completion); after != nil {
			return []notice{tell(wire.SessionCompleted, SessionCompleted{s.id, after.At.time()})}
		}
	}
	return nil
}

// userChanged announces whose connections came and went: devices that went,
// then the user, then devices that came. A device that comes back before its old connection
// was missed has only been connected all the time.
func userChanged(before, after *user) []notice {
	var went, came []notice
	for _, d := range devicesOf(before) {
		if d.Connected && !after.has(d.ID) {
			went = append(went, tell(wire.DeviceDisconnected, DeviceDisconnected{d.ID, changedAt(before, after)}))
		}
	}
	for _, d := range devicesOf(after) {
		if d.Connected && !before.has(d.ID) {
			came = append(came, tell(wire.DeviceJoined, DeviceJoined{d.ID, d.Type, d.View, d.Since.time(), after.ID, d.recorder(), d.Silenced}))
		}
	}
	switch was, is := before.connected(), after.connected(); {
	case is && !was:
		joined := UserJoined{after.ID, after.Username, after.Avatar, after.Changed.time()}
		came = append([]notice{tell(wire.UserJoined, joined)}, came...)
	case was && !is:
		left := UserLeft{before.ID, before.Username, changedAt(before, after)}
		went = append(went, tell(wire.UserLeft, left))
	}
	return append(went, came...)
}

func metaChanged(s *state, before, after *meta) []notice {
	if before == nil || after == nil {
		return nil
	}
	var notices []notice
	if after.LeaderID != before.LeaderID {
		led := LeadershipChanged{after.LeaderID, s.nameOf(after.LeaderID), after.LeaderSince.time()}
		notices = append(notices, tell(wire.LeadershipChanged, led))
	}
	if after.Name != before.Name {
		notices = append(notices, tell(wire.SessionChanged, SessionChanged{after.Name, after.NamedAt.time()}))
	}
	if after.Ended != before.Ended {
		notices = append(notices, tell(wire.SessionEnded, SessionEnded{after.Ended.time()}))
	}
	return notices
}

// nameOf returns what a user is called, empty if it isn't there.
func (s *state) nameOf(userID string) string {
	if u := s.users[userID]; u != nil {
		return u.Username
	}
	return ""
}

func commandChanged(before, after *command) []notice {
	switch {
	case after == nil:
		return nil
	case after.Cancelled && before != nil && !before.Cancelled:
		return []notice{tell(wire.Cancelled, Cancelled{after.ID, after.Reason})}
	case before == nil && !after.Cancelled:
		return announce(after)
	}
	return nil
}

// announce tells the devices to act on a command.
func announce(c *command) []notice {
	switch c.Event {
	case wire.Command:
		payload := c.Payload
		if payload == nil {
			payload = []byte("null")
		}
		late, _ := c.maxLate()
		return []notice{tell(c.Event, Command{c.ID, c.Name, payload, c.Timestamp.time(), millis(late)})}
	case wire.StopRecording:
		return []notice{tell(c.Event, StopRecording{c.ID, c.Timestamp.time()})}
	case wire.StartRecording:
		e := StartRecording{CommandID: c.ID, PostureLabel: c.Label, Duration: millis(c.Duration), Timestamp: c.Timestamp.time()}
		return []notice{{name: c.Event, each: func(d *device) any {
			own := e
			if d.records(c) {
				own.RecordingID = recordingID(c.ID, d.ID)
			}
			return own
		}}}
	}
	return nil // a playback_sync is told by the timeline
}

func tell(name string, data any) notice { return notice{name: name, data: data} }

// to returns the notice's data as a device gets it.
func (n notice) to(d *device) any {
	if n.each != nil {
		return n.each(d)
	}
	return n.data
}
