package session

import (
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// reportEvery is the least time between two reports of one command.
const reportEvery = 200 * time.Millisecond

// reported is how far the reporting on a command has come here.
type reported struct {
	at    instant // of the latest report; 0 before the first
	stale bool    // something has come in since
}

// reportAt returns when the next report on a command is due by the clock.
func (r *room) reportAt(c *command) (due instant, ok bool) {
	switch rep := r.reports[c.ID]; {
	case c.Cancelled:
		return 0, false
	case rep == nil:
		return reportDue(c, r.svc.cfg.ReportWait), true
	case rep.stale:
		return rep.at.add(reportEvery), true
	}
	return 0, false
}

// reportsDue returns when the next report is due by the clock.
func (r *room) reportsDue() (first instant, any bool) {
	for _, c := range r.state.commands {
		if due, ok := r.reportAt(c); ok && (!any || due < first) {
			first, any = due, true
		}
	}
	return first, any
}

// dueReports reports on the commands whose time to be reported on has come.
func (r *room) dueReports(now instant) {
	for id := range r.reports {
		if r.state.commands[id] == nil {
			delete(r.reports, id)
		}
	}
	for _, c := range r.state.commandsByTime() {
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
	if r.state.meta != nil {
		r.dueReports(r.svc.now())
	}
}

func (r *room) report(c *command, now instant) {
	r.reports[c.ID] = &reported{at: now}
	led := r.leaderHere()
	if !led && !r.issued[c.ID] {
		return
	}
	rep := report(r.state, c)
	r.tellOutcome(c, rep)
	if led {
		r.tellLeader(Event{Name: wire.CommandReport, Data: rep})
	}
}

// acknowledged reports when the acknowledgement was the last one missing, and
// anew when it came after the report.
func (r *room) acknowledged(d diff) {
	c := r.state.commands[d.ids[0]]
	if c == nil || c.Cancelled || d.after == nil {
		return
	}
	now := r.svc.now()
	switch rep := r.reports[c.ID]; {
	case rep == nil && complete(r.state, c), rep != nil && now >= rep.at.add(reportEvery):
		r.report(c, now)
	case rep != nil && !rep.stale:
		rep.stale = true
		r.hurry()
	}
}

// completeReports reports where the device that was waited for has gone.
func (r *room) completeReports() {
	for _, c := range r.state.commands {
		if r.reports[c.ID] == nil && !c.Cancelled && complete(r.state, c) {
			r.report(c, r.svc.now())
		}
	}
}
