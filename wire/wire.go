// Package wire names everything that goes over the WebSocket and the control channel: the
// requests of clients, the events of the server, the codes of errors and of closes. Its tables
// say what the program keys on: who may send a request and what answers it, which events go two
// ways, which are commands. docs/protocol.md has the data of each.
//
// web/static/lib/wire.js is written from these tables and from the types of the data:
// go generate ./signaling.
package wire

import "slices"

// Sender is what a device must be to send a request.
type Sender int

// Each may send what those before it may.
const (
	Observer Sender = iota // any device that joined
	Watcher                // it sees, plays and acts
	Member                 // it records as well
	Leader                 // it may lead: whether it does is for the session to say
)

// Request is what a client may send.
type Request struct {
	Name   string
	Answer string // the event that answers it, unless an error does
	By     Sender // the least that may send it
	Leads  bool   // the session takes it from its leader alone
	Again  bool   // a report: sent until it is answered, after coming back too
	Fixed  bool   // clients of before the first version rely on it
}

// Event is what the server tells.
type Event struct {
	Name    string
	Command bool // all devices act at its timestamp
	TwoWays bool // over the control channel as well: a device must not miss it
	Fixed   bool // clients of before the first version rely on it
}

var requests = []Request{
	{Name: JoinSession, Answer: SessionJoined, Fixed: true},
	{Name: LeaveSession, Answer: OK, Fixed: true},
	{Name: Heartbeat, Answer: HeartbeatAck, Fixed: true},
	{Name: RequestSessionState, Answer: SessionState, Fixed: true},
	{Name: RequestLeadership, Answer: OK, By: Leader, Fixed: true},
	{Name: HandOver, Answer: OK, By: Leader, Leads: true},
	{Name: UpdateDevice, Answer: OK, By: Watcher},
	{Name: UpdateUser, Answer: OK, By: Watcher},
	{Name: RemoveDevice, Answer: OK, By: Leader, Leads: true},
	{Name: UpdateSession, Answer: OK, By: Leader, Leads: true},
	{Name: EndSession, Answer: OK, By: Leader, Leads: true},
	{Name: LoadMedia, Answer: OK, By: Leader, Leads: true, Fixed: true},
	{Name: SyncPlayback, Answer: Scheduled, By: Leader, Leads: true, Fixed: true},
	{Name: PlaybackOptions, Answer: OK, By: Leader, Leads: true},
	{Name: MediaInfo, Answer: OK, By: Watcher},
	{Name: Buffering, Answer: OK, By: Watcher},
	{Name: ReportDesync, Answer: DesyncRecovery, Fixed: true},
	{Name: StartRecording, Answer: Scheduled, By: Leader, Leads: true, Fixed: true},
	{Name: StopRecording, Answer: Scheduled, By: Leader, Leads: true, Fixed: true},
	{Name: Schedule, Answer: Scheduled, By: Leader, Leads: true},
	{Name: Cancel, Answer: OK, By: Leader, Leads: true},
	{Name: Armed, Answer: OK, By: Watcher, Again: true},
	{Name: Fired, Answer: OK, By: Watcher, Again: true},
	{Name: Missed, Answer: OK, By: Watcher, Again: true},
	{Name: RecordingStarted, Answer: OK, By: Member, Again: true},
	{Name: RecordingStopped, Answer: OK, By: Member, Again: true},
	{Name: UploadCompleted, Answer: OK, By: Member, Again: true, Fixed: true},
	{Name: RecordingFailed, Answer: OK, By: Member, Again: true},
	{Name: RecordingPart, Answer: RecordingPart, By: Member},
	{Name: RecordingReport, Answer: OK, By: Member, Again: true},
	{Name: CameraSettings, Answer: OK, By: Leader, Leads: true},
	{Name: WatchMonitor, Answer: OK, By: Leader, Leads: true},
	{Name: Monitor, Answer: OK, By: Member},
	{Name: DeviceStatus, Answer: OK, By: Watcher},
	{Name: Offer, Answer: Answer},
	{Name: Candidate, Answer: OK},
	{Name: Resync, Answer: OK},
}

var events = []Event{
	{Name: OK},
	{Name: Scheduled},
	{Name: Error, Fixed: true},
	{Name: SessionJoined, Fixed: true},
	{Name: JoinedSession, Fixed: true},
	{Name: UserJoined, Fixed: true},
	{Name: UserLeft, Fixed: true},
	{Name: UserChanged},
	{Name: DeviceJoined, Fixed: true},
	{Name: DeviceDisconnected, Fixed: true},
	{Name: DeviceChanged},
	{Name: DeviceRemoved},
	{Name: SessionChanged},
	{Name: SessionEnded},
	{Name: LeadershipChanged, Fixed: true},
	{Name: MediaLoaded, Fixed: true},
	{Name: PlaybackSync, Command: true, TwoWays: true, Fixed: true},
	{Name: MediaInfo},
	{Name: StartRecording, Command: true, TwoWays: true, Fixed: true},
	{Name: StopRecording, Command: true, TwoWays: true, Fixed: true},
	{Name: SessionCompleted, Fixed: true},
	{Name: Command, Command: true, TwoWays: true},
	{Name: Cancelled, TwoWays: true},
	{Name: DesyncRecovery, Fixed: true},
	{Name: TakeChanged},
	{Name: RecordingPart},
	{Name: CameraSettings},
	{Name: MonitorWanted},
	{Name: Monitor},
	{Name: HeartbeatAck, Fixed: true},
	{Name: SessionState, Fixed: true},
	{Name: CommandReport},
	{Name: SyncStatus},
	{Name: Answer},
	{Name: Exchange},
	{Name: Goodbye},
}

var (
	requestsByName = byName(requests, func(r Request) string { return r.Name })
	eventsByName   = byName(events, func(e Event) string { return e.Name })
	codesByName    = byName(codes, func(c Code) string { return c.Name })
)

func byName[T any](list []T, name func(T) string) map[string]T {
	m := make(map[string]T, len(list))
	for _, x := range list {
		m[name(x)] = x
	}
	return m
}

// Requests lists what a client may send.
func Requests() []Request { return slices.Clone(requests) }

// Events lists what the server tells.
func Events() []Event { return slices.Clone(events) }

// Codes lists the codes of errors.
func Codes() []Code { return slices.Clone(codes) }

// RequestOf returns the request of a name; the zero one where there is none.
func RequestOf(name string) Request { return requestsByName[name] }

// EventOf returns the event of a name; the zero one where there is none.
func EventOf(name string) Event { return eventsByName[name] }

// CodeOf returns the code of a name; the zero one where there is none.
func CodeOf(name string) Code { return codesByName[name] }

// Commands lists the events at whose timestamp all devices act.
func Commands() (names []string) {
	for _, e := range events {
		if e.Command {
			names = append(names, e.Name)
		}
	}
	return names
}
