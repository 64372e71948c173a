package shell

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"text/tabwriter"

	"github.com/downbeat-sync/downbeat/api"
	"github.com/downbeat-sync/downbeat/session"
)

// Sessions prints the sessions of a server to w.
func Sessions(ctx context.Context, at Address, w io.Writer, asJSON bool) error {
	t, err := at.open()
	if err != nil {
		return err
	}
	all, err := t.sessions(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return PrintJSON(w, all)
	}
	rows := table(w, "SESSION", "NAME", "STATUS", "LEADER", "CONNECTED", "CREATED")
	for _, s := range all {
		rows.add(s.SessionID, s.Name, s.Status, s.LeaderName, s.ConnectedCount, s.CreatedAt)
	}
	return rows.Flush()
}

// pageOfSessions is how many sessions a page of the list has.
const pageOfSessions = 1000

// sessions reads all pages of the list.
func (t *target) sessions(ctx context.Context) ([]session.Summary, error) {
	all := []session.Summary{}
	for cursor := ""; ; {
		var page struct {
			Sessions   []session.Summary
			NextCursor string
		}
		at := fmt.Sprintf("/api/sessions?limit=%d&cursor=%s", pageOfSessions, url.QueryEscape(cursor))
		if err := t.call(ctx, "GET", at, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Sessions...)
		if page.NextCursor == "" {
			return all, nil
		}
		cursor = page.NextCursor
	}
}

// serverStatus is what is known of a server without a session.
type serverStatus struct {
	Version string         `json:"version"`
	Access  string         `json:"access"`
	Ready   bool           `json:"ready"`
	Time    api.TimeStatus `json:"time"`
}

// sessionStatus is what is known of a session.
type sessionStatus struct {
	Session session.Snapshot     `json:"session"`
	Clocks  []session.DeviceSync `json:"clocks"`
}

// Status prints to w how a server is, or a session and the clocks of its devices.
func Status(ctx context.Context, at Address, w io.Writer, asJSON bool) error {
	t, err := at.open()
	if err != nil {
		return err
	}
	if t.session == "" {
		return t.server(ctx, w, asJSON)
	}
	s, err := t.status(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return PrintJSON(w, s)
	}
	return s.print(w)
}

func (t *target) server(ctx context.Context, w io.Writer, asJSON bool) error {
	var s serverStatus
	if err := t.call(ctx, "GET", "/api/info", nil, &s); err != nil {
		return err
	}
	unready := t.call(ctx, "GET", "/readyz", nil, nil)
	s.Ready = unready == nil
	if asJSON {
		if err := PrintJSON(w, s); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(w, "version  %s\naccess   %s\ntime     %s\nready    %t\n", s.Version, s.Access, s.Time.State, s.Ready)
	}
	return unready
}

func (t *target) status(ctx context.Context) (s sessionStatus, err error) {
	if err = t.call(ctx, "GET", t.at(), nil, &s); err != nil {
		return s, err
	}
	var clocks struct {
		Devices []session.DeviceSync `json:"devices"`
	}
	err = t.call(ctx, "GET", t.at("sync"), nil, &clocks)
	s.Clocks = clocks.Devices
	return s, err
}

func (s sessionStatus) print(w io.Writer) error {
	leader := "nobody"
	names := map[string]string{}
	for _, u := range s.Session.Users {
		names[u.ID] = u.Username
		if u.IsLeader && u.IsConnected {
			leader = u.Username
		}
	}
	fmt.Fprintf(w, "session  %s\nstatus   %s\nleader   %s\n", cmp.Or(s.Session.Name, s.Session.SessionID), s.Session.Status, leader)
	if t := s.Session.Take; t != nil {
		fmt.Fprintf(w, "take     %s %q\n", t.TakeID, t.PostureLabel)
	}
	fmt.Fprintln(w)
	clocks := map[string]session.DeviceSync{}
	for _, c := range s.Clocks {
		clocks[c.DeviceID] = c
	}
	rows := table(w, "DEVICE", "NAME", "PLACE", "CONNECTED", "CLOCK", "BOUND ms", "ROUND TRIP ms")
	for _, d := range s.Session.Devices {
		c := clocks[d.DeviceID]
		rows.add(d.DeviceID, names[d.UserID], d.ViewType, d.IsConnected, cmp.Or(c.State, "–"), fmt.Sprintf("%.3f", c.BoundMs), fmt.Sprintf("%.3f", c.DelayMs))
	}
	return rows.Flush()
}

// rows is a table for people.
type rows struct{ *tabwriter.Writer }

func table(w io.Writer, head ...any) rows {
	r := rows{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	r.add(head...)
	return r
}

// add adds a row; what is empty gets a dash.
func (r rows) add(cells ...any) {
	for i, c := range cells {
		end := "\t"
		if i == len(cells)-1 {
			end = "\n"
		}
		fmt.Fprint(r, cmp.Or(fmt.Sprint(c), "–"), end)
	}
}
