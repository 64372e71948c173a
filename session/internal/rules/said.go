package rules

import (
	"encoding/binary"
	"time"
)

// What devices say of a command is heard by the instances that have devices of the session, and kept in their states
// alone at first. Then it is written into one entry, the command's report.

// reportRecord is what all devices have said about one command.
type reportRecord struct {
	ID      string   `json:"id"` // the command's
	At      Instant  `json:"at"` // the command's instant
	Devices []string `json:"devices"`
	Rows    []byte   `json:"rows"`            // as a page has them
	Armed   []byte   `json:"armed,omitempty"` // of each device that is armed, in their order: when the server heard so, in µs after At

	Instances []string `json:"instances,omitempty"` // that rows refer to
}

func (r *reportRecord) id() string { return r.ID }

func newReportRecord(c *CommandRecord, acks map[string]*Ack) *reportRecord {
	r, page := &reportRecord{ID: c.ID, At: c.Timestamp}, &Page{}
	for i, deviceID := range sortedKeys(acks) {
		a := acks[deviceID]
		r.Devices = append(r.Devices, deviceID)
		r.Rows = a.AppendRow(r.Rows, i, page.instance(a), r.At)
		if a.Armed {
			r.Armed = binary.AppendVarint(r.Armed, a.ArmedAt.Sub(r.At).Microseconds())
		}
	}
	r.Instances = page.Instances
	return r
}

// acks returns the acknowledgements, as far as they can be read.
func (r *reportRecord) acks() map[string]*Ack {
	if r == nil {
		return nil
	}
	acks, armed := map[string]*Ack{}, r.Armed
	page := PagedCommand{&Page{Devices: r.Devices, Instances: r.Instances}, &Past{CommandRecord: CommandRecord{Timestamp: r.At}, Rows: r.Rows}}
	for _, row := range page.AllRows() {
		a := row.Ack
		if a.Armed {
			us, n := binary.Varint(armed)
			armed = armed[max(n, 0):]
			a.ArmedAt = r.At.Add(time.Duration(us) * time.Microsecond)
		}
		acks[row.Device] = &a
	}
	return acks
}

// Hear notes what a device is known to have said about a command, in this state alone; news tells whether that is
// more than was known. Of two answers the one that is stored counts, else the one that was known first.
func (s *State) Hear(commandID, deviceID string, a *Ack, stored bool) (news bool) {
	of := s.Acks[commandID]
	if of == nil {
		of = map[string]*Ack{}
		s.Acks[commandID] = of
	}
	before := of[deviceID]
	switch {
	case before == nil:
		of[deviceID] = a
	case stored:
		of[deviceID] = a.with(before)
	default:
		of[deviceID] = before.with(a)
	}
	return before == nil || *of[deviceID] != *before
}

// with returns what two acknowledgements of a device come to, the first of which counts more.
func (a *Ack) with(b *Ack) *Ack {
	c := *a
	if !a.Answered() && b.Answered() {
		c = *b
		c.Armed, c.ArmedAt = a.Armed, a.ArmedAt
	}
	if !c.Armed && b.Armed {
		c.Armed, c.ArmedAt = true, b.ArmedAt
	}
	return &c
}

// Unsaved returns those of some devices of which the command's report doesn't have all that they have said.
func (s *State) Unsaved(commandID string, devices map[string]bool) (unsaved map[string]bool) {
	stored := s.reports[commandID].acks()
	for deviceID := range devices {
		if a := s.Acks[commandID][deviceID]; a != nil && (stored[deviceID] == nil || *stored[deviceID] != *a) {
			if unsaved == nil {
				unsaved = map[string]bool{}
			}
			unsaved[deviceID] = true
		}
	}
	return unsaved
}

// Save writes what is known of a command into its report.
func Save(s *State, commandID string) []Change {
	c, acks := s.Commands[commandID], s.Acks[commandID]
	all := map[string]bool{}
	for deviceID := range acks {
		all[deviceID] = true
	}
	if c == nil || len(s.Unsaved(commandID, all)) == 0 {
		return nil
	}
	return append(s.unpaged(commandID), s.Put(s.reports[commandID] != nil, newReportRecord(c, acks), KindReport, commandID))
}
