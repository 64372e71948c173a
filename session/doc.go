// Package session is the domain of Downbeat: sessions with their members, one
// leader, commands that all devices act on at one session time, and what the
// devices report about it.
//
// A [Service] keeps every session as small keys in a [store.Store]: one for what
// belongs to the session as a whole, one per user with its devices, one per
// command, one per acknowledgement of a device, one per recording, one per take that
// somebody has said something of. Commands that are over move into pages of a
// history apart. A request is a pure function
//
//	(state, request, now) → changes
//
// whose changes are written by compare-and-set on the revision that the state
// was read at, and tried again on the newer state after a conflict.
// Every instance that has members of a session watches the session's keys and
// derives what to tell its members from each entry's value before and after,
// and from nothing else: what is told is what is stored, in the order in which
// it was stored, whichever instance the request reached. Only a command whose instant has
// passed when its entry comes is held back for a second, in which its issuer calls it off.
//
// All instants are session times in nanoseconds since the Unix epoch, rounded
// to the microseconds that the wire carries; the error of an act is the time at
// which the device acted less the command's timestamp, so positive is late.
//
// The rules are in internal/rules, whose testdata tells as stories what requests come to; begin to
// read there.
//
// A service is used as follows:
//
//	svc, err := session.New(session.Config{Store: store.NewMemory(), Clocks: clocks})
//	go svc.Run(ctx)
//	member, joined, err := svc.Join(ctx, session.JoinRequest{SessionID: "studio"}, deliver)
//	defer member.Disconnect(ctx)
//	cmd, err := member.Schedule(ctx, session.ScheduleRequest{Name: "flash"})
//
// The package knows nothing of WebSockets, of WebRTC and of NATS.
package session
