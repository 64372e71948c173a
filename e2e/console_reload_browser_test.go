package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/downbeat-sync/downbeat/internal/lab"
)

// moments are those of a session at which a console is reloaded, each with what it
// must show then.
var moments = []struct{ name, before, shows string }{
	{"countdown", `record.dataset.phase === 'counting'`, `record.dataset.phase === 'counting' && document.getElementById('record-word').textContent === 'Call off' && Number(document.getElementById('record-clock').textContent) > 0`},
	{"take", `record.dataset.phase === 'recording'`, `record.dataset.phase === 'recording' && document.getElementById('record-word').textContent === 'Stop' && /^0:\d\d$/.test(document.getElementById('record-clock').textContent) && /open end/.test(document.getElementById('record-note').textContent)`},
	{"between takes", `record.dataset.phase === 'none'`, `record.dataset.phase === 'none' && /called off/.test(document.getElementById('history').textContent) && /spread .* ± /.test(document.getElementById('history').textContent) && document.querySelectorAll('#history li').length >= 4`},
	{"playback", `play.textContent === 'Pause'`, `play.textContent === 'Pause' && /^0:\d\d of 1:30/.test(document.getElementById('position').textContent)`},
}

// views are where a moment is seen; film by default.
var views = map[string]string{"playback": "watch"}

// TestConsoleReload: whatever the console missed by being reloaded, being a second one,
// or on another machine, it shows what goes on: take, countdown, playback, the commands
// and their reports.
func TestConsoleReload(t *testing.T) {
	newStagedHall(t).reloadThrough(1)
}

// BenchmarkBrowserConsoleReload: reload → the right button, over all moments.
func BenchmarkBrowserConsoleReload(b *testing.B) {
	for b.Loop() {
		h := newStagedHall(b)
		times := h.reloadThrough(5)
		b.ReportMetric(lab.Quantile(times, .5), "ms-p50")
		b.ReportMetric(lab.Quantile(times, .95), "ms-p95")
	}
}

// newStagedHall is one with a session that has two cameras and a film.
func newStagedHall(t testing.TB) *hall {
	h := newHall(t)
	h.wait("the start page", `document.activeElement.id === 'creator'`)
	h.press("Anna" + kb.Enter)
	h.wait("a session", `/session=/.test(location.search) && state.textContent === 'connected'`)
	evaluate(t, h.page, `new URLSearchParams(location.search).get('session')`, &h.sessionID)
	h.add("Front", 2*time.Millisecond, nil)
	h.add("Left", 3*time.Millisecond, nil)
	h.wait("both to be ready", `document.getElementById('ready-light').dataset.state === 'go'`)
	return h
}

// reloadThrough reloads the console n times at each moment, looks with a second one
// as well, and returns how long each reload took to show what goes on, ms.
func (h *hall) reloadThrough(n int) (times []float64) {
	h.t.Helper()
	for _, m := range moments {
		h.bring(m.name)
		h.wait("the "+m.name, m.before)
		for range n {
			times = append(times, h.reload(m.name, m.shows))
		}
		h.second(m.name, m.shows)
	}
	return times
}

// bring leads the session to a moment.
func (h *hall) bring(moment string) {
	h.t.Helper()
	switch moment {
	case "countdown":
		h.press("f") // something to remember
		h.view("film")
		h.fill("take-label", "open end")
		h.run(`document.getElementById('take-countdown').value = '10', document.activeElement.blur()`)
		h.press("r")
	case "take":
		h.press("c")
		h.wait("the call off", `record.dataset.phase === 'none'`)
		h.run(`document.getElementById('take-countdown').value = '0'`)
		h.press("r")
	case "between takes":
		h.press("r")
	case "playback":
		h.run(`document.getElementById('media-length').value = '1:30'`)
		h.run(`document.getElementById('media-url').value = '/none.mp4', document.getElementById('media-form').requestSubmit()`)
		h.wait("the film", `!play.disabled`)
		h.press("p")
	}
}

// reload reloads the console and returns after how many ms it showed that.
func (h *hall) reload(moment, shows string) (ms float64) {
	h.t.Helper()
	check(h.t, chromedp.Do(h.page, chromedp.Navigate(h.url+"/?session="+h.sessionID+"&view="+views[moment])))
	h.wait("the "+moment+" after a reload", `(`+shows+`) && !record.disabled`)
	evaluate(h.t, h.page, `performance.now()`, &ms)
	return ms
}

// second looks on from another console, which shows the same.
func (h *hall) second(moment, shows string) {
	h.t.Helper()
	o := &hall{t: h.t, page: h.browser.tab(h.t, h.url+"/?session="+h.sessionID+"&view="+views[moment])}
	o.wait("the "+moment+" on a second console", shows)
	check(h.t, chromedp.Cancel(o.page))
}
