package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestConsole drives the console by the keyboard, as a director would, with
// real devices in the session.
func TestConsole(t *testing.T) {
	h := newHall(t)
	h.size(1280, 900)
	h.wait("the start page", `document.activeElement.id === 'creator' && sessions.children.length === 0 && /Create the first/.test(document.body.innerText)`)
	checkPage(h, "start page")
	h.shoot("console-start.png")
	h.press("Anna" + kb.Enter)
	h.wait("a session", `/session=/.test(location.search) && state.textContent === 'connected'`)
	evaluate(t, h.page, `new URLSearchParams(location.search).get('session')`, &h.sessionID)

	h.half = make(chan bool)
	front := h.add("Front", 2*time.Millisecond, nil)
	h.add("Left", 9*time.Millisecond, h.half)
	right := h.add("Right", 5*time.Millisecond, nil)
	h.tell(front, map[string]any{"battery": 0.83, "charging": false, "camera": "ready", "freeBytes": 21e9, "pendingBytes": 0})
	h.tell(right, map[string]any{"battery": 0.07, "charging": false, "camera": "ready", "freeBytes": 48e9})
	h.wait("the flat battery", `/Right: battery 7 %, not charging/.test(document.getElementById('ready-why').innerText)`)
	h.tell(right, map[string]any{"battery": 0.08, "charging": true, "camera": "ready", "freeBytes": 48e9})
	h.wait("all to be ready", `/All 3 cameras are ready/.test(document.body.innerText) && document.getElementById('ready-light').textContent === 'Go for a take'`)
	h.run(`globalThis.card = document.querySelector('.card')`)
	h.run(watchDrawing)

	t.Run("flash", func(t *testing.T) { flashAll(h) })
	t.Run("call off", func(t *testing.T) { callOff(h) })
	t.Run("record", func(t *testing.T) { recordTake(h) })
	t.Run("download", func(t *testing.T) { fetchFiles(h) })
	t.Run("no-go", func(t *testing.T) { notReady(h, right) })
	t.Run("watch", func(t *testing.T) { watchTogether(h) })
	h.wait("the first card to be the one of before", `card.isConnected`)
	checkQuiet(h)
	pictures(h)
	t.Run("take over", func(t *testing.T) { takeOver(h) })
}

func flashAll(h *hall) {
	h.press("f")
	h.wait("the report", `/3 devices acted/.test(document.getElementById('report-sum').textContent) && document.querySelectorAll('#report .dot').length === 3`)
}

// callOff types a label that has all shortcuts in it, and takes the take back.
func callOff(h *hall) {
	h.view("film")
	h.fill("take-label", "first rehearsal, pick-up c")
	if took := h.text("record-word"); took != "Record" {
		h.t.Fatalf("typing a label did %s", took)
	}
	h.fill("take-duration", "3")
	h.focus("#record")
	h.press("r")
	h.wait("the countdown", `record.dataset.phase === 'counting' && Number(document.getElementById('record-clock').textContent) > 0`)
	h.press("c")
	h.wait("it to be called off", `record.dataset.phase === 'none' && /Called off/.test(document.getElementById('record-note').textContent)`)
}

func recordTake(h *hall) {
	h.press("r")
	h.wait("the countdown", `record.dataset.phase === 'counting'`)
	h.wait("the recording", `record.dataset.phase === 'recording' && /of 0:03/.test(document.getElementById('record-clock').textContent)`)
	h.wait("its end", `record.dataset.phase === 'none'`)
	h.wait("an upload that goes on", `[...document.querySelectorAll('.recordings progress')].some(p => !p.hidden && p.value < 0.8)`)
	h.shoot("console-uploading.png")
	close(h.half)
	h.wait("the uploads", `/all 3 uploaded/.test(takes.textContent)`)
	var rows []string
	evaluate(h.t, h.page, `[...document.querySelectorAll('.recordings tbody tr')].map(tr => tr.innerText)`, &rows)
	all := strings.Join(rows, "\n")
	if len(rows) != 3 || !strings.Contains(rows[0], "first") || strings.Count(all, "±") != 2 || !strings.Contains(rows[0], "Front") {
		h.t.Errorf("recordings are shown as %q", rows)
	}
	h.wait("the picture of first frames", `document.querySelectorAll('.take-chart .dot').length === 3`)
}

// fetchFiles follows the links as they stand in the page.
func fetchFiles(h *hall) {
	h.wait("links to the files", `document.querySelectorAll('.recordings a[download]').length === 3 && document.querySelectorAll('.take-files a[download]').length === 4`)
	var size int
	evaluate(h.t, h.page, `fetch(document.querySelector('.recordings a[download]').href).then(r => r.ok && r.blob()).then(b => b.size)`, &size)
	if size != filmSize {
		h.t.Errorf("a download of %d bytes", size)
	}
	var texts []string
	evaluate(h.t, h.page, `Promise.all([...document.querySelectorAll('.take-files a')].map(a => fetch(a.href).then(r => r.text())))`, &texts)
	for i, word := range []string{"PK", "takeTimestamp", "OTIO_SCHEMA", "ffmpeg"} {
		if !strings.Contains(texts[i], word) {
			h.t.Errorf("file %d of the take has no %s", i, word)
		}
	}
}

// notReady has a device go away: the console warns, lets itself be stopped,
// and doesn't wait for a device that was set aside.
func notReady(h *hall, gone *camera) {
	gone.leave()
	h.wait("the light", `document.getElementById('ready-light').textContent === 'No-go for a take' && /Right: not connected/.test(document.getElementById('ready-why').innerText)`)
	h.press("r")
	h.wait("the question, with the answer that changes nothing standing out", `ask.open && document.activeElement.id === 'ask-no'`)
	h.press(kb.Escape)
	h.wait("no take", `!ask.open && record.dataset.phase === 'none' && !record.disabled`)
	h.focus(".card.away .aside-button")
	h.press(kb.Enter)
	h.wait("the light", `document.getElementById('ready-light').textContent === 'Go for a take'`)
}

func watchTogether(h *hall) {
	h.view("watch")
	h.fill("media-title", "Étude")
	h.fill("media-length", "1:30")
	h.fill("media-url", h.url+"/none.mp4"+kb.Enter)
	h.wait("the player", `!player.hidden && document.getElementById('now-title').textContent === 'Étude' && !play.disabled`)
	h.focus("#play")
	h.press("p")
	h.wait("it to play", `play.textContent === 'Pause' && /^0:0[1-9] of 1:30/.test(document.getElementById('position').textContent)`)
	h.focus("#seek")
	h.press(kb.End)
	h.wait("the end, where it stops", `/^1:30/.test(document.getElementById('position').textContent) && play.textContent === 'Play'`)
	h.focus("#play")
	h.press("p")
	h.wait("it to begin again", `play.textContent === 'Pause' && /^0:0[1-9] of 1:30/.test(document.getElementById('position').textContent)`)
	h.press("p")
	h.wait("a pause", `play.textContent === 'Play'`)
	pause(h.page, 400*time.Millisecond) // what answers the next press is no drawing around that instant

	h.fill("media-title", "Nocturne")
	h.fill("media-length", "")
	h.run(`document.getElementById('media-length').value = ''`)
	h.fill("media-url", elsewhere(h.t)+"/film.webm"+kb.Enter)
	h.wait("the other film", `document.getElementById('now-title').textContent === 'Nocturne' && !play.disabled`)
	var link string
	evaluate(h.t, h.page, `document.getElementById('watch-link').href`, &link)
	ben := viewer{h.t, h.browser.tab(h.t, link+"&name=Ben&as=new")}
	ben.await(`$('media').readyState > 2`)
	h.focus("#play")
	h.press("p")
	h.wait("whoever watches", `/Ben\s.*last play or pause at [\s\S]*in step/.test(document.getElementById('in-sync').innerText)`)
	h.focus("#rate")
	h.press(kb.ArrowDown)
	ben.await(`Math.abs($('media').playbackRate - 1.25) < 0.1`)
	h.run(`document.getElementById('wait-for-all').click()`)
	h.wait("the box to be what the session says", `document.getElementById('wait-for-all').checked`)
	h.shoot("console-watch.png")

	h.fill("media-title", "")
	h.fill("media-url", h.url+"/none.mp4"+kb.Enter)
	h.wait("word of what nobody can load", `/Nobody can load this film.*no such file/.test(document.getElementById('film-warning').innerText) && /Ben\s[\s\S]*failed/.test(document.getElementById('in-sync').innerText)`)
	h.shoot("console-watch-failed.png")
}

// takeOver looks on from another console, which may not act until the leader
// is gone, and finds the session in the list of the start page.
func takeOver(h *hall) {
	o := &hall{t: h.t, page: h.browser.tab(h.t, h.url+"/?session="+h.sessionID+"&view=film&as=new")}
	o.wait("words for who looks on", `/Anna leads this session/.test(document.getElementById('lead-line').textContent) && document.querySelectorAll('.light[data-state=go]:not(.big)').length === 2 && takes.children.length === 1 && /spread .* ± /.test(document.getElementById('report-sum').textContent)`)
	o.wait("nothing to act with", `['record', 'flash', 'quiet', 'load', 'play', 'seek', 'rate', 'take-label'].every(id => document.getElementById(id).disabled) && lead.hidden`)
	checkPage(o, "a console that looks on")
	o.shoot("console-looking-on.png")
	check(h.t, chromedp.Do(h.page, chromedp.Navigate("about:blank")))
	o.wait("the leader to be away", `!lead.hidden && /Anna led.*Take the lead/.test(document.getElementById('lead-line').textContent)`)
	o.focus("#lead")
	o.press(kb.Enter)
	o.wait("the lead", `/You lead/.test(document.getElementById('lead-line').textContent) && !record.disabled && lead.hidden`)
	check(h.t, chromedp.Do(o.page, chromedp.Navigate(h.url+"/")))
	o.wait("the list", `sessions.querySelectorAll('a').length === 1 && document.getElementById('sessions-note').hidden && /just now/.test(sessions.innerText)`)
	o.shoot("console-sessions.png")
	o.focus("#sessions a")
	o.press(kb.Enter)
	o.wait("the session", `document.getElementById('state')?.textContent === 'connected' && document.getElementById('session-title').title`)
}

// watchDrawing notes when the page changes, which instants it knows of, and since when.
const watchDrawing = `import('/app/ui/painter.js').then(({ Painter }) => {
  globalThis.drawn = []
  globalThis.instants = new Map()
  const { avoid, forget } = Painter.prototype
  Painter.prototype.avoid = function (id, at) {
    instants.set(id, { at, known: performance.now() })
    return avoid.call(this, id, at)
  }
  Painter.prototype.forget = function (id) {
    instants.delete(id)
    return forget.call(this, id)
  }
  new MutationObserver(([{ target }]) => drawn.push({ t: performance.now(), what: (target.parentElement ?? target).outerHTML.slice(0, 90) })).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true })
})`

// checkQuiet wants no change of the page within 300 ms of an instant that is known.
func checkQuiet(h *hall) {
	h.t.Helper()
	var got struct {
		Drawn, Instants int
		Close           []string
	}
	evaluate(h.t, h.page, `({ drawn: drawn.length, instants: instants.size,
		close: [...instants].flatMap(([id, { at, known }]) => drawn.filter(({ t }) => t > known && Math.abs(t - at) < 299).map(({ t, what }) => `+"`${t - at} ms: ${what}`"+`)) })`, &got)
	if len(got.Close) > 0 || got.Drawn < 10 || got.Instants < 6 {
		h.t.Errorf("the page was drawn %d times, around %d instants; near one: %q", got.Drawn, got.Instants, got.Close)
	}
}

// pictures keeps the page at two sizes and in both schemes.
func pictures(h *hall) {
	h.run(`scrollTo(0, 0)`)
	for _, p := range []struct {
		name, scheme  string
		width, height int64
	}{
		{"console-wide", "light", 1280, 900}, {"console-dark", "dark", 1280, 900},
		{"console-narrow", "light", 360, 740}, {"console-narrow-dark", "dark", 360, 740},
	} {
		h.scheme(p.scheme)
		h.size(p.width, p.height)
		for _, view := range []string{"act", "watch", "film"} {
			h.view(view)
			checkPage(h, p.name+", "+view)
			if p.scheme == "light" || view == "film" {
				h.shoot(p.name + "-" + view + ".png")
			}
		}
	}
}
