package rules

import (
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Report tells who acted on a command when. It is the data of command_report.
type Report struct {
	CommandID     string            `json:"commandId"`
	Event         string            `json:"event"`
	Timestamp     clock.SessionTime `json:"timestamp"`
	SpreadMs      *float64          `json:"spreadMs"`      // latest act less earliest, of devices with a clock; none before one of them acted
	SpreadBoundMs *float64          `json:"spreadBoundMs"` // of the error of SpreadMs; none of fewer than two acts, or where one's isn't known
	Devices       []DeviceReport    `json:"devices"`       // the longest joined first
}

// DeviceReport is one device's part of a Report.
type DeviceReport struct {
	DeviceID string             `json:"deviceId"`
	Armed    bool               `json:"armed"`
	At       *clock.SessionTime `json:"at"`      // when it acted; none if it didn't say so
	ErrorMs  *float64           `json:"errorMs"` // at less timestamp: positive is late
	BoundMs  *float64           `json:"boundMs"` // of the error, when it reported; none if unknown
	Late     bool               `json:"late"`    // whether it got the command too late to act in time
	Missed   *MissReport        `json:"missed"`  // if it didn't act because it was too late; else none

	NoClock bool `json:"noClock,omitempty"` // At is when it heard of the command: what it did then isn't known
}

// MissReport tells why a device didn't carry a command out.
type MissReport struct {
	LateMs float64 `json:"lateMs"` // from the instant to when it found out
	Reason string  `json:"reason"` // arrived_late, woke_late, no_clock or overtaken
}

// ReportOn builds the report of a command from the acknowledgements so far. It
// lists the devices that said something, and those that had reason to: that
// were connected at some time between the command's issue and its instant.
func ReportOn(s *State, c *CommandRecord) Report {
	r := newReporter(c)
	acks := s.Acks[c.ID]
	listed := map[string]bool{}
	for _, d := range s.DevicesByJoining() {
		if a := acks[d.ID]; a != nil || d.concerned(c) && s.means(d, c) {
			r.add(d.ID, a)
			listing := &r.rep.Devices[len(r.rep.Devices)-1]
			listing.NoClock = listing.NoClock || d.NoClock
			listed[d.ID] = true
		}
	}
	for _, deviceID := range sortedKeys(acks) { // of devices that have left since
		if !listed[deviceID] {
			r.add(deviceID, acks[deviceID])
		}
	}
	return r.done()
}

// reporter puts a report together.
type reporter struct {
	c         *CommandRecord
	rep       Report
	acts      Spread
	unbounded bool // how well the clock of one that acted is known isn't
}

func newReporter(c *CommandRecord) *reporter {
	return &reporter{c: c, rep: Report{CommandID: c.ID, Event: c.Event, Timestamp: c.Timestamp.Time(), Devices: []DeviceReport{}}}
}

// add lists a device and what it has said, which is nil if it said nothing.
func (r *reporter) add(deviceID string, a *Ack) {
	r.rep.Devices = append(r.rep.Devices, deviceReport(r.c, deviceID, a))
	if a == nil || !a.Fired || a.Heard {
		return
	}
	r.acts.Add(a.reading())
	r.unbounded = r.unbounded || !a.Bounded
}

// reading is when the device acted, by its clock.
func (a *Ack) reading() Reading { return Reading{a.FiredAt, a.Bound, a.Common, a.Instance} }

func (r *reporter) done() Report {
	if r.acts.Count() == 0 {
		return r.rep
	}
	spread, bound := r.acts.Of()
	apart := Millis(spread)
	r.rep.SpreadMs = &apart
	if r.acts.Count() > 1 && !r.unbounded {
		wrong := Millis(bound)
		r.rep.SpreadBoundMs = &wrong
	}
	return r.rep
}

func deviceReport(c *CommandRecord, deviceID string, a *Ack) DeviceReport {
	r := DeviceReport{DeviceID: deviceID}
	if a == nil {
		return r
	}
	r.Armed, r.NoClock = a.Armed, a.Heard
	if a.Fired {
		at, late := a.FiredAt.Time(), Millis(a.FiredAt.Sub(c.Timestamp))
		r.At, r.ErrorMs, r.Late = &at, &late, a.Late
	}
	if a.Missed != "" {
		r.Missed = &MissReport{Millis(a.MissedBy), a.Missed}
	}
	if a.Bounded {
		bound := Millis(a.Bound)
		r.BoundMs = &bound
	}
	return r
}

// concerned reports whether the device was connected between the command's
// issue and its instant, as far as its latest connection tells.
func (d *Device) concerned(c *CommandRecord) bool {
	if d.Connected {
		return d.Since <= c.Timestamp
	}
	return d.JoinedAt <= c.Timestamp && d.Since > c.IssuedAt
}

// Complete reports whether every device has said what came of it that is connected and
// expected to: those with a type, and whichever has armed; all of them where
// none has a type. A leader's console that only looks on is not waited for.
func Complete(s *State, c *CommandRecord) bool {
	acks := s.Acks[c.ID]
	typed, missing, answered := false, false, false
	for _, u := range s.Users {
		for i := range u.Devices {
			d, a := &u.Devices[i], acks[u.Devices[i].ID]
			if !d.Connected || !d.concerned(c) || !s.means(d, c) {
				continue
			}
			switch has := a != nil && a.Answered(); {
			case has:
				answered = true
			case d.Type != "" || a != nil && a.Armed:
				return false
			default:
				missing = true
			}
			typed = typed || d.Type != ""
		}
	}
	return answered && (typed || !missing)
}

// ReportDue returns when the report is given at the latest.
func ReportDue(c *CommandRecord, wait time.Duration) Instant { return c.Timestamp.Add(wait) }
