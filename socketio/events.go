package socketio

import (
	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// silent are the events that clients of Socket.IO aren't sent: they would mean nothing to them.
var silent = map[string]bool{
	wire.OK: true, wire.Scheduled: true, wire.SyncStatus: true, wire.CommandReport: true, wire.Exchange: true, wire.Answer: true,
	wire.Monitor: true, wire.MonitorWanted: true, wire.Goodbye: true,
}

// actOf returns which command an event is of, and its instant; ok is false for what isn't done at one.
func actOf(data any) (id string, at clock.SessionTime, ok bool) {
	switch d := data.(type) {
	case session.StartRecording:
		return d.CommandID, d.Timestamp, true
	case session.StopRecording:
		return d.CommandID, d.Timestamp, true
	case session.PlaybackSync:
		return d.CommandID, d.Timestamp, true
	case session.Command:
		return d.CommandID, d.Timestamp, true
	}
	return "", 0, false
}

// lowered is an event's data with a timestamp that isn't ahead of the client's clock when it hears it,
// whatever that clock says. A timeline keeps its lastUpdateTime, at which it has its position.
func lowered(data any) any {
	switch d := data.(type) {
	case session.StartRecording:
		d.Timestamp = d.Timestamp.Add(-behind)
		return d
	case session.StopRecording:
		d.Timestamp = d.Timestamp.Add(-behind)
		return d
	case session.PlaybackSync:
		d.Timestamp = d.Timestamp.Add(-behind)
		return d
	case session.Command:
		d.Timestamp = d.Timestamp.Add(-behind)
		return d
	}
	return data
}

// ownDevice is what a device's own joining looks like to the others.
func ownDevice(joined session.SessionJoined, now clock.SessionTime) (d session.DeviceJoined, ok bool) {
	for _, is := range joined.Session.Devices {
		if is.DeviceID == joined.DeviceID {
			return session.DeviceJoined{
				DeviceID: is.DeviceID, DeviceType: is.DeviceType, ViewType: is.ViewType, Timestamp: now, UserID: is.UserID,
				Records: is.Records, Silenced: is.Silenced,
			}, true
		}
	}
	return d, false
}
