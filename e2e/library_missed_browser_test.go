package e2e

import (
	"testing"

	"github.com/downbeat-sync/downbeat/session"
)

// TestBrowserMisses: a page that was busy over the instant doesn't act when it is free again;
// it and the report say that it missed the command. Its worker, which wasn't, acted in time.
func TestBrowserMisses(t *testing.T) {
	room := newRoom(t, nil)
	u := room.join(joinOptions{"actions": "/app/ui/actions.js"})
	got := ask[struct {
		Acted  int
		LateMs float64
		Reason string
		Report session.Report
		Pulse  session.Report
	}](u, `(async () => {
		let acted = 0
		const reports = new Map(), missed = new Promise(done => s.on('missed', done))
		s.on('command_report', report => reports.set(report.commandId, report))
		s.onCommand('clap', () => void acted++)
		s.onCommand('pulse', 'pulse')
		const { commandId, timestamp } = await s.schedule('clap', null, { delay: 3000 })
		const pulse = await s.schedule('pulse', null, { at: timestamp })
		await new Promise(done => s.at(timestamp - 200, done))
		for (const end = s.toDevice(timestamp + 1500); performance.now() < end;);
		const { lateMs, reason } = await missed
		await until(() => reports.get(commandId)?.devices[0].missed && reports.get(pulse.commandId)?.devices[0].at)
		return { acted, lateMs, reason, report: reports.get(commandId), pulse: reports.get(pulse.commandId) }
	})()`)
	d := got.Report.Devices[0]
	if got.Acted != 0 || got.Reason != session.MissedWoke || got.LateMs < 1500 || !d.Armed || d.At != nil || d.Missed.Reason != session.MissedWoke || got.Report.SpreadMs != nil {
		t.Errorf("the page %+v", got)
	}
	if d := got.Pulse.Devices[0]; d.Missed != nil || d.At == nil || *d.ErrorMs > 1000 {
		t.Errorf("its worker: %+v", d)
	}
}
