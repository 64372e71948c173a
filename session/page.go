package session

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// page is part of a session's history. It is never changed once it is stored.
type page struct {
	Devices  []string `json:"devices"`  // those that the commands' rows are of
	Commands []past   `json:"commands"` // in the order of their instants
}

// past is a command that is over, with the devices that its report lists: for each a
// row of varints, which is the device's index, flags, how late it acted in µs if it
// did, the bound of that in ns if it is known, and, if it missed the command, why, and
// by how much in µs.
type past struct {
	command
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
)

// newPage writes commands down with their acknowledgements.
func newPage(s *state, commands []*command) *page {
	p := &page{Devices: []string{}}
	index := map[string]int{}
	for _, c := range commands {
		over := past{command: *c}
		over.Devices, over.Planned = nil, false
		if len(over.Payload) > keptPayload {
			over.Payload = nil
		}
		for _, d := range report(s, c).Devices {
			i, ok := index[d.DeviceID]
			if !ok {
				i = len(p.Devices)
				index[d.DeviceID] = i
				p.Devices = append(p.Devices, d.DeviceID)
			}
			over.Count++
			over.Rows = s.acks[c.ID][d.DeviceID].appendRow(over.Rows, i, c.Timestamp)
		}
		p.Commands = append(p.Commands, over)
	}
	return p
}

func (a *ack) appendRow(b []byte, device int, at instant) []byte {
	b = binary.AppendUvarint(b, uint64(device))
	if a == nil {
		return append(b, 0)
	}
	flags := uint64(0)
	for flag, set := range map[uint64]bool{rowArmed: a.Armed, rowFired: a.Fired, rowLate: a.Late, rowBounded: a.Bounded, rowMissed: a.Missed != ""} {
		if set {
			flags |= flag
		}
	}
	b = binary.AppendUvarint(b, flags)
	if a.Fired {
		b = binary.AppendVarint(b, a.FiredAt.sub(at).Microseconds())
	}
	if a.Bounded {
		b = binary.AppendUvarint(b, uint64(a.Bound))
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
	device string
	said   bool // whether it said anything
	ack    ack
}

// rows returns the rows of a command, as far as they can be read.
func (c pagedCommand) rows() (rows []row) {
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
		a := ack{Armed: flags&rowArmed != 0, Fired: flags&rowFired != 0, Late: flags&rowLate != 0, Bounded: flags&rowBounded != 0}
		if a.Fired {
			v := next()
			late := int64(v>>1) ^ -int64(v&1) // as binary.Varint has it
			a.FiredAt = c.Timestamp.add(time.Duration(late) * time.Microsecond)
		}
		if a.Bounded {
			a.Bound = time.Duration(next())
		}
		if flags&rowMissed != 0 {
			a.Missed = missedReasons[min(next(), uint64(len(missedReasons)-1))]
			a.MissedBy = time.Duration(next()) * time.Microsecond
		}
		if device < uint64(len(c.page.Devices)) {
			rows = append(rows, row{c.page.Devices[device], flags != 0, a})
		}
	}
	return rows
}

// pagedCommand is a command in a page.
type pagedCommand struct {
	page *page
	*past
}

// report returns the report of a command; said is how many devices have said something.
func (c pagedCommand) report() (rep Report, said int) {
	r := newReporter(&c.command)
	for _, row := range c.rows() {
		a := &row.ack
		if !row.said {
			a = nil
		} else {
			said++
		}
		r.add(row.device, a)
	}
	return r.done(), said
}

// has reports whether the page has these acknowledgements.
func (c pagedCommand) has(acks map[string]*ack) bool {
	known := map[string]ack{}
	for _, row := range c.rows() {
		known[row.device] = row.ack
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

// weight grows with what is acknowledged.
func (c pagedCommand) weight() (n int) {
	for _, row := range c.rows() {
		for _, is := range []bool{row.ack.Armed, row.ack.answered()} {
			if is {
				n++
			}
		}
	}
	return n
}

// pagesOf matches the pages of a session.
func pagesOf(sessionID string) string { return "h." + sessionID + ".>" }

const allPages = "h.*.>"

// key of a page tells when its last command was, and how many it has. The same pages
// have the same keys.
func (p *page) key(sessionID string, value []byte) string {
	sum := sha256.Sum256(value)
	return fmt.Sprintf("h.%s.%016x.%d.%x", sessionID, uint64(p.Commands[len(p.Commands)-1].Timestamp), len(p.Commands), sum[:8])
}

// lengthOf returns how many commands the page of that key has.
func lengthOf(key string) int {
	tokens := strings.Split(key, ".")
	if len(tokens) != 5 {
		return 0
	}
	n, _ := strconv.Atoi(tokens[3])
	return n
}
