package rules

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Page is part of a session's history. It is never changed once it is stored.
type Page struct {
	Devices   []string `json:"devices"`             // those that the commands' rows are of
	Instances []string `json:"instances,omitempty"` // whose devices have a part of their bounds in common
	Commands  []Past   `json:"commands"`            // in the order of their instants
}

// Past is a command that is over, with the devices that its report lists: for each a
// row of varints, which is the device's index, flags, how late it acted in µs if it
// did, the bound of that in ns if it is known, what of it it has in common with the other
// devices of an instance in ns and that one's index if there is such a part, and, if it missed the
// command, why, and by how much in µs.
type Past struct {
	CommandRecord
	Rows  []byte `json:"rows,omitempty"`
	Count int    `json:"count,omitempty"` // of rows
}

// Flags of a row.
const (
	rowArmed = 1 << iota
	rowFired
	rowLate
	rowBounded
	rowMissed
	rowCommon
	rowHeard
)

// NewPage writes commands down with their acknowledgements.
func NewPage(s *State, commands []*CommandRecord) *Page {
	p := &Page{Devices: []string{}}
	index := map[string]int{}
	for _, c := range commands {
		over := Past{CommandRecord: *c}
		over.Devices, over.Planned = nil, false
		if len(over.Payload) > keptPayload {
			over.Payload = nil
		}
		for _, d := range ReportOn(s, c).Devices {
			i, ok := index[d.DeviceID]
			if !ok {
				i = len(p.Devices)
				index[d.DeviceID] = i
				p.Devices = append(p.Devices, d.DeviceID)
			}
			over.Count++
			a := s.Acks[c.ID][d.DeviceID]
			over.Rows = a.AppendRow(over.Rows, i, p.instance(a), c.Timestamp)
		}
		p.Commands = append(p.Commands, over)
	}
	return p
}

// instance returns the index of an acknowledgement's instance, if it has one.
func (p *Page) instance(a *Ack) int {
	if a == nil || a.Common == 0 {
		return 0
	}
	i := slices.Index(p.Instances, a.Instance)
	if i < 0 {
		i = len(p.Instances)
		p.Instances = append(p.Instances, a.Instance)
	}
	return i
}

// AppendRow writes the acknowledgement of a page's device.
func (a *Ack) AppendRow(b []byte, device, instance int, at Instant) []byte {
	b = binary.AppendUvarint(b, uint64(device))
	if a == nil {
		return append(b, 0)
	}
	flags := uint64(0)
	for flag, set := range map[uint64]bool{rowArmed: a.Armed, rowFired: a.Fired, rowLate: a.Late, rowBounded: a.Bounded, rowMissed: a.Missed != "", rowCommon: a.Common > 0, rowHeard: a.Heard} {
		if set {
			flags |= flag
		}
	}
	b = binary.AppendUvarint(b, flags)
	if a.Fired {
		b = binary.AppendVarint(b, a.FiredAt.Sub(at).Microseconds())
	}
	if a.Bounded {
		b = binary.AppendUvarint(b, uint64(a.Bound))
	}
	if a.Common > 0 {
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(a.Common)), uint64(instance))
	}
	if a.Missed != "" {
		b = binary.AppendUvarint(b, uint64(max(slices.Index(missedReasons, a.Missed), 0)))
		b = binary.AppendUvarint(b, uint64(a.MissedBy.Microseconds()))
	}
	return b
}

// row is what a page has of a device and a command. Of an acknowledgement everything is
// known but when it was armed.
type row struct {
	Device string
	said   bool // whether it said anything
	Ack    Ack
}

// AllRows returns the rows of a command, as far as they can be read.
func (c PagedCommand) AllRows() (rows []row) {
	b := c.Rows
	next := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			n = len(b)
		}
		b = b[n:]
		return v
	}
	for len(b) > 0 {
		device, flags := next(), next()
		a := Ack{Armed: flags&rowArmed != 0, Fired: flags&rowFired != 0, Late: flags&rowLate != 0, Bounded: flags&rowBounded != 0, Heard: flags&rowHeard != 0}
		if a.Fired {
			v := next()
			late := int64(v>>1) ^ -int64(v&1) // as binary.Varint has it
			a.FiredAt = c.Timestamp.Add(time.Duration(late) * time.Microsecond)
		}
		if a.Bounded {
			a.Bound = time.Duration(next())
		}
		if flags&rowCommon != 0 {
			a.Common = time.Duration(next())
			if i := next(); i < uint64(len(c.Page.Instances)) && a.Common <= a.Bound {
				a.Instance = c.Page.Instances[i]
			} else {
				a.Common = 0
			}
		}
		if flags&rowMissed != 0 {
			a.Missed = missedReasons[min(next(), uint64(len(missedReasons)-1))]
			a.MissedBy = time.Duration(next()) * time.Microsecond
		}
		if device < uint64(len(c.Page.Devices)) {
			rows = append(rows, row{c.Page.Devices[device], flags != 0, a})
		}
	}
	return rows
}

// PagedCommand is a command in a page.
type PagedCommand struct {
	Page *Page
	*Past
}

// Report returns the report of a command; said is how many devices have said something.
func (c PagedCommand) Report() (rep Report, said int) {
	r := newReporter(&c.CommandRecord)
	for _, row := range c.AllRows() {
		a := &row.Ack
		if !row.said {
			a = nil
		} else {
			said++
		}
		r.add(row.Device, a)
	}
	return r.done(), said
}

// has reports whether the page has these acknowledgements.
func (c PagedCommand) has(acks map[string]*Ack) bool {
	known := map[string]Ack{}
	for _, row := range c.AllRows() {
		known[row.Device] = row.Ack
	}
	for deviceID, a := range acks {
		want := *a
		want.ArmedAt = 0
		if got, ok := known[deviceID]; !ok || got != want {
			return false
		}
	}
	return true
}

// Weight grows with what is acknowledged.
func (c PagedCommand) Weight() (n int) {
	for _, row := range c.AllRows() {
		for _, is := range []bool{row.Ack.Armed, row.Ack.Answered()} {
			if is {
				n++
			}
		}
	}
	return n
}

// PagesOf matches the pages of a session.
func PagesOf(sessionID string) string { return "h." + sessionID + ".>" }

// AllPages matches the pages of all sessions.
const AllPages = "h.*.>"

// Key of a page tells when its last command was, and how many it has. The same pages
// have the same keys.
func (p *Page) Key(sessionID string, value []byte) string {
	sum := sha256.Sum256(value)
	return fmt.Sprintf("h.%s.%016x.%d.%x", sessionID, uint64(p.Commands[len(p.Commands)-1].Timestamp), len(p.Commands), sum[:8])
}

// LengthOf returns how many commands the page of that key has.
func LengthOf(key string) int {
	tokens := strings.Split(key, ".")
	if len(tokens) != 5 {
		return 0
	}
	n, _ := strconv.Atoi(tokens[3])
	return n
}
