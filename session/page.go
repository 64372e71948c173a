package session

import (
	"crypto/sha256"
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

// past is a command that is over, with its acknowledgements as rows: the index
// of the device, flags, how late it acted in µs, the bound of that in ns. A row
// ends where nothing but zeros would follow.
type past struct {
	command
	Rows [][]int64 `json:"rows,omitempty"`
}

// Flags of a row.
const (
	rowArmed = 1 << iota
	rowFired
	rowLate
	rowBounded
)

// newPage writes commands down with their acknowledgements.
func newPage(s *state, commands []*command) *page {
	p := &page{Devices: []string{}}
	index := map[string]int64{}
	for _, c := range commands {
		over := past{command: *c}
		over.Devices, over.Planned = nil, false
		if len(over.Payload) > keptPayload {
			over.Payload = nil
		}
		for _, d := range report(s, c).Devices {
			i, ok := index[d.DeviceID]
			if !ok {
				i = int64(len(p.Devices))
				index[d.DeviceID] = i
				p.Devices = append(p.Devices, d.DeviceID)
			}
			over.Rows = append(over.Rows, s.acks[c.ID][d.DeviceID].row(i, c.Timestamp))
		}
		p.Commands = append(p.Commands, over)
	}
	return p
}

func (a *ack) row(device int64, at instant) []int64 {
	if a == nil {
		return []int64{device}
	}
	row := []int64{device, 0, 0, int64(a.Bound)}
	if a.Armed {
		row[1] |= rowArmed
	}
	if a.Fired {
		row[1] |= rowFired
		row[2] = a.FiredAt.sub(at).Microseconds()
	}
	if a.Late {
		row[1] |= rowLate
	}
	if a.Bounded {
		row[1] |= rowBounded
	}
	for len(row) > 1 && row[len(row)-1] == 0 {
		row = row[:len(row)-1]
	}
	return row
}

// ackOf is the inverse of row; it is nil for a device that said nothing.
func ackOf(row []int64, at instant) *ack {
	if len(row) == 1 {
		return nil
	}
	full := [4]int64{}
	copy(full[:], row)
	a := &ack{
		Armed: full[1]&rowArmed != 0, Fired: full[1]&rowFired != 0, Late: full[1]&rowLate != 0,
		Bounded: full[1]&rowBounded != 0, Bound: time.Duration(full[3]),
	}
	if a.Fired {
		a.FiredAt = at.add(time.Duration(full[2]) * time.Microsecond)
	}
	return a
}

// report returns the report of a command in a page.
func (c pagedCommand) report() Report {
	rep := newReporter(&c.command)
	for _, row := range c.Rows {
		if len(row) > 0 && row[0] >= 0 && row[0] < int64(len(c.page.Devices)) {
			rep.add(c.page.Devices[row[0]], ackOf(row, c.Timestamp))
		}
	}
	return rep.done()
}

// pagesOf matches the pages of a session.
func pagesOf(sessionID string) string { return "h." + sessionID + ".>" }

const allPages = "h.*.>"

// has reports whether a command of the page has these acknowledgements.
func (p *page) has(c *past, acks map[string]*ack) bool {
	rows := map[string][]int64{}
	for _, row := range c.Rows {
		rows[p.Devices[row[0]]] = row
	}
	for deviceID, a := range acks {
		row := rows[deviceID]
		if row == nil || !slices.Equal(row, a.row(row[0], c.Timestamp)) {
			return false
		}
	}
	return true
}

// said tells how much the devices have said of a command.
func (c *past) said() (n int) {
	for _, row := range c.Rows {
		n += max(len(row)-1, 0)
	}
	return n
}

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
