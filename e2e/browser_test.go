package e2e

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/server"
	"github.com/downbeat-sync/downbeat/session"
)

// stage is a real server with real tabs and Go devices in one session.
type stage struct {
	t        testing.TB
	rig      *lab.Rig
	entrance *entrance
	browser  *chromium
	console  context.Context
	tabs     []*tab
	devices  []*lab.Device
}

// tab is a page that is a device.
type tab struct {
	ctx   context.Context
	ready tabReady
}

// tabReady is what a page tells of its joining.
type tabReady struct {
	ID          string  `json:"id"`
	Thread      string  `json:"thread"`
	ConnectedMs float64 `json:"connectedMs"`
	ConvergedMs float64 `json:"convergedMs"`
}

const stageSession = "stage"

// newStage opens the device pages with these queries; withConsole opens the
// console before them, whose drawing takes the processor from them at times.
func newStage(t testing.TB, withConsole bool, queries ...string) *stage {
	t.Helper()
	in := &entrance{}
	r, err := lab.NewRig(t.Context(), server.Config{Log: quiet()}, in.wrap)
	check(t, err)
	s := &stage{t: t, rig: r, entrance: in, browser: newChromium(t)}
	first := "about:blank"
	if withConsole {
		first = r.URL + "/?session=" + stageSession
	}
	s.console = s.browser.tab(t, first)
	s.browser.startTrace(t, s.console)
	for _, q := range queries {
		s.add(q)
	}
	return s
}

func (s *stage) close() {
	s.browser.close()
	check(s.t, s.rig.Close())
}

// add opens one more device page.
func (s *stage) add(query string) *tab {
	s.t.Helper()
	d := &tab{ctx: s.browser.tab(s.t, s.rig.URL+"/test/page.html?session="+stageSession+"&"+query)}
	evaluate(s.t, d.ctx, `new Promise(done => { const look = () => globalThis.device ? done(device.ready()) : setTimeout(look, 5); look() })`, &d.ready)
	s.tabs = append(s.tabs, d)
	return d
}

// goDevices adds n Go devices with simulated clocks.
func (s *stage) goDevices(n int) {
	s.t.Helper()
	random := rand.New(rand.NewPCG(7, 7))
	for range n {
		d, err := s.rig.Add(stageSession, lab.NewClock(time.Now(), random))
		check(s.t, err)
		s.devices = append(s.devices, d)
	}
}

// run schedules n commands and returns the reports on them.
func (s *stage) run(n int) []session.Report {
	s.t.Helper()
	var reports []session.Report
	for range n {
		cmd, err := s.rig.Server.Sessions().Schedule(s.t.Context(), stageSession, session.ScheduleRequest{Name: "flash"})
		check(s.t, err)
		reports = append(reports, s.report(cmd))
	}
	return reports
}

// report waits until everybody has reported on a command.
func (s *stage) report(cmd session.Scheduled) session.Report {
	s.t.Helper()
	pause(s.t.Context(), s.rig.Server.Clock().Until(cmd.Timestamp)+50*time.Millisecond)
	for {
		r, err := s.rig.Server.Sessions().Report(s.t.Context(), stageSession, cmd.CommandID)
		check(s.t, err)
		fired := 0
		for _, d := range r.Devices {
			if d.At != nil {
				fired++
			}
		}
		if fired == len(s.tabs)+len(s.devices) {
			return r
		}
		if s.rig.Server.Clock().Now().Sub(cmd.Timestamp) > 5*time.Second {
			s.t.Fatalf("only %d devices acted on a command: %+v", fired, r)
		}
		pause(s.t.Context(), 20*time.Millisecond)
	}
}

// acts are the true instants at which each device acted, by command and device.
type acts map[string]map[string]clock.SessionTime

// truth collects when everybody truly acted, on the machine's monotonic clock.
// The tabs are told apart by the thread that a mark was made on.
func (s *stage) truth() acts {
	s.t.Helper()
	at := sessionAt(s.t, s.rig.Server.Clock())
	result := acts{}
	note := func(command, device string, t clock.SessionTime) {
		if result[command] == nil {
			result[command] = map[string]clock.SessionTime{}
		}
		result[command][device] = t
	}
	marks := s.browser.endTrace(s.t)
	pages, processes := owners(marks)
	for _, m := range marks {
		command, ok := strings.CutPrefix(m.Name, "downbeat:fired:")
		if !ok {
			continue
		}
		device := pages[thread{m.PID, m.TID}]
		if device == "" {
			device = processes[m.PID] // of its worker
		}
		note(command, device, at(m.monotonic()))
	}
	for _, d := range s.devices {
		for range len(d.Acts) {
			a := <-d.Acts
			note(a.CommandID, d.Seat().DeviceID, s.rig.Server.Clock().At(a.At))
		}
	}
	return result
}

type thread struct{ pid, tid int }

// owners tells which device's page runs on which thread, and in which process.
func owners(marks []mark) (pages map[thread]string, processes map[int]string) {
	pages, processes = map[thread]string{}, map[int]string{}
	for _, m := range marks {
		if id, ok := strings.CutPrefix(m.Name, "who:"); ok {
			pages[thread{m.PID, m.TID}], processes[m.PID] = id, id
		}
	}
	return pages, processes
}

// measured is what a run came to; all errors are true ones, in µs.
type measured struct {
	clockErr, fireErr map[string][]float64 // by device
	spread            []float64
	outside, readings int // of the reported bounds
}

func (s *stage) measure(reports []session.Report) measured {
	s.t.Helper()
	m := measured{clockErr: map[string][]float64{}, fireErr: map[string][]float64{}}
	truth := s.truth()
	for _, r := range reports {
		first, last := clock.SessionTime(1<<62), clock.SessionTime(0)
		for _, d := range r.Devices {
			truly, ok := truth[r.CommandID][d.DeviceID]
			if d.At == nil {
				continue
			}
			if !ok || d.BoundMs == nil {
				s.t.Fatalf("device %s reported %+v, but left no mark", d.DeviceID, d)
			}
			err := us(d.At.Sub(truly).Abs())
			m.clockErr[d.DeviceID] = append(m.clockErr[d.DeviceID], err)
			m.fireErr[d.DeviceID] = append(m.fireErr[d.DeviceID], us(truly.Sub(r.Timestamp).Abs()))
			m.readings++
			if err > *d.BoundMs*1000 {
				m.outside++
			}
			first, last = min(first, truly), max(last, truly)
		}
		m.spread = append(m.spread, us(last.Sub(first)))
	}
	return m
}

// TestBrowsersAndGoDevicesTellTheTruth: two tabs, one acting on its page and
// one in its worker, and three Go devices in one session. What each reports of
// when it acted is compared with the machine's monotonic clock.
func TestBrowsersAndGoDevicesTellTheTruth(t *testing.T) {
	s := newStage(t, true, "in=page", "in=worker")
	defer s.close()
	s.goDevices(3)
	pause(t.Context(), time.Second)
	m := s.measure(s.run(20))
	if m.readings != 20*5 {
		t.Errorf("%d readings, not 100", m.readings)
	}
	// One in a hundred may be outside. More than four of a hundred would be so by
	// chance in three runs of a thousand.
	if m.outside > 4 {
		t.Errorf("%d of %d reports were further from the truth than their bound", m.outside, m.readings)
	}
	for _, d := range s.tabs {
		if d.ready.Thread != "worker" {
			t.Errorf("clock frames of %s are answered on its %s", d.ready.ID, d.ready.Thread)
		}
		t.Logf("tab: clock error p95 %.1f µs, firing p95 %.1f µs", lab.Quantile(m.clockErr[d.ready.ID], .95), lab.Quantile(m.fireErr[d.ready.ID], .95))
	}
	t.Logf("spread p50 %.0f µs, p95 %.0f µs", lab.Quantile(m.spread, .5), lab.Quantile(m.spread, .95))
	picture, err := chromedp.Run(s.console, chromedp.CaptureScreenshot())
	check(t, err)
	artefact(t, "console.png", picture)
}
