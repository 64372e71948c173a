package session

import (
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/wire"
)

// reportEvery is the least time between two reports of one command.
const reportEvery = 200 * time.Millisecond

// reported is how far the reporting on a command has come here.
type reported struct {
	at    rules.Instant // of the latest report; 0 before the first
	stale bool          // something has come in since
}

// reportAt returns when the next report on a command is due by the clock.
func (r *room) reportAt(c *rules.CommandRecord) (due rules.Instant, ok bool) {
	switch rep := r.reports[c.ID]; {
	case c.Cancelled:
		return 0, false
	case rep == nil:
		return rules.ReportDue(c, r.svc.cfg.ReportWait), true
	case rep.stale:
		return rep.at.Add(reportEvery), true
	}
	return 0, false
}

// reportsDue returns when the next report is due by the clock.
func (r *room) reportsDue() (first rules.Instant, any bool) {
	for _, c := range r.state.Commands {
		if due, ok := r.reportAt(c); ok && (!any || due < first) {
			first, any = due, true
		}
	}
	return first, any
}

// dueReports reports on the commands whose time to be reported on has come.
func (r *room) dueReports(now rules.Instant) {
	for id := range r.reports {
		if r.state.Commands[id] == nil {
			delete(r.reports, id)
		}
	}
	for _, c := range r.state.CommandsByTime() {
		if due, ok := r.reportAt(c); ok && due <= now {
			r.report(c, now)
		}
	}
}

// forgetPast takes the reports that were due before this instance had to do
// with the session for given.
func (r *room) forgetPast() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state.Meta != nil {
		r.dueReports(r.svc.now())
	}
}

func (r *room) report(c *rules.CommandRecord, now rules.Instant) {
	r.reports[c.ID] = &reported{at: now}
	led := r.leaderHere()
	if !led && !r.issued[c.ID] {
		return
	}
	rep := rules.ReportOn(r.state, c)
	r.tellOutcome(c, rep)
	if led {
		r.tellLeader(Event{Name: wire.CommandReport, Data: rep})
	}
}

// acknowledged reports when the acknowledgement was the last one missing, and
// anew when it came after the report.
func (r *room) acknowledged(commandID string) {
	c := r.state.Commands[commandID]
	if c == nil || c.Cancelled {
		return
	}
	now := r.svc.now()
	switch rep := r.reports[c.ID]; {
	case len(r.state.Acks[c.ID]) == 0:
	case rep == nil && rules.Complete(r.state, c), rep != nil && now >= rep.at.Add(reportEvery):
		r.report(c, now)
	case rep != nil && !rep.stale:
		rep.stale = true
		r.hurry()
	}
}

// completeReports reports where the device that was waited for has gone.
func (r *room) completeReports() {
	for _, c := range r.state.Commands {
		if r.reports[c.ID] == nil && !c.Cancelled && rules.Complete(r.state, c) {
			r.report(c, r.svc.now())
		}
	}
}
