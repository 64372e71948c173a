package device

import (
	"github.com/downbeat-sync/downbeat/internal/text"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// maxNote is how many characters the note of a status may have.
const maxNote = 128

// SetStatus tells the session how the device is, in the place of what it said before. It doesn't
// wait, and is told again each time the device comes back. Of s.Note what can't be told, such as
// control characters of another program's message, is left out.
func (d *Device) SetStatus(s session.DeviceStatus) {
	s.Note = text.Tidy(s.Note, maxNote)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.status = &s
	d.tellStatus()
}

// tellStatus sends the status if there is one and a link; d.mu is held.
func (d *Device) tellStatus() {
	if d.status != nil && d.link != nil {
		_ = d.link.Send(wire.DeviceStatus, d.status) // told again with the next link
	}
}
