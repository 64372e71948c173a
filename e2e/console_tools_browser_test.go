package e2e

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/jpeg"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/downbeat-sync/downbeat/access"
)

// TestConsoleTools does with a session, its devices and its people what a director may,
// on a server that wants keys.
func TestConsoleTools(t *testing.T) {
	h := newHallOf(t, hallSetup{access: access.Config{Mode: access.Link}, admin: true})
	h.wait("the start page", `document.activeElement.id === 'creator'`)
	h.press("Anna")
	h.fill("creating", "Dress rehearsal"+kb.Enter)
	h.wait("the session by its name", `document.getElementById('session-title').textContent === 'Dress rehearsal' && /^Dress/.test(document.title)`)
	evaluate(t, h.page, `new URLSearchParams(location.search).get('session')`, &h.sessionID)

	links := roleLinks(h)
	h.key = links["device"].key
	front := h.add("Front", 2*time.Millisecond, nil)
	left := h.add("Left", 2*time.Millisecond, nil)
	h.wait("both cameras", `/All 2 cameras are ready/.test(document.body.innerText)`)
	renameAndSilence(h)
	seeAndHear(h, front)
	chooseWhoRecords(h)
	o := &hall{t: t, url: h.url, page: h.browser.tab(t, links["direct"].link+"&as=new#key="+links["direct"].key)}
	handOver(h, o)
	removeDevice(h, left)
	removeAbsent(h)
	endSession(h, o)
}

// roleLink is a link without its key, and the key.
type roleLink struct{ link, key string }

// roleLinks reads the link of each role: its own page, its own key.
func roleLinks(h *hall) map[string]roleLink {
	h.t.Helper()
	links := map[string]roleLink{}
	keys := map[string]bool{}
	for role, page := range map[string]string{"device": "/device", "watch": "/watch", "direct": "/"} {
		h.wait("the links", `!document.getElementById('for-direct').closest('label').hidden`)
		h.run(`document.getElementById('for-` + role + `').click()`)
		var href, note string
		evaluate(h.t, h.page, `document.getElementById('link').href`, &href)
		evaluate(h.t, h.page, `document.getElementById('join-note').textContent`, &note)
		link, key, _ := strings.Cut(href, "#key=")
		u, err := url.Parse(link)
		check(h.t, err)
		if u.Path != page || key == "" || keys[key] || !strings.HasPrefix(note, "Opens") {
			h.t.Errorf("the link for %s is %q, %q", role, href, note)
		}
		keys[key] = true
		links[role] = roleLink{link, key}
	}
	h.run(`document.getElementById('for-device').click()`)
	return links
}

// renameAndSilence changes a device's name where it stands, to one of many code points.
func renameAndSilence(h *hall) {
	h.t.Helper()
	h.focus(".card .name-button")
	h.press(kb.Enter)
	h.wait("the name to be typed", `document.activeElement.matches('.name-form input') && document.activeElement.value === 'Front'`)
	h.run(`document.activeElement.value = '👩‍👧'.repeat(70), document.activeElement.dispatchEvent(new Event('input'))`)
	h.press(kb.Enter)
	h.wait("64 of them, as people count", `document.querySelector('.card .name-button').textContent === '👩‍👧'.repeat(64)`)
	h.run(`document.querySelector('.name-form input').value = 'Door', document.querySelector('.name-form').requestSubmit()`)
	h.wait("another name", `document.querySelector('.card .name-button').textContent === 'Door'`)
	h.run(`document.querySelector('.card-tools > .tick input').click()`)
	h.wait("it to be silent", `/silenced/.test(document.querySelector('.card-line').textContent)`)
	h.run(`document.querySelector('.camera-choices select').focus()`)
	h.wait("the camera's choices", `[...document.querySelectorAll('.card .camera-choices select')].length === 6`)
	h.run(`(s => (s.value = '1280x720', s.dispatchEvent(new Event('change'))))(document.querySelector('#camera-all select'))`)
}

// seeAndHear shows what a camera sends, until it is switched off.
func seeAndHear(h *hall, c *camera) {
	h.t.Helper()
	h.run(`document.querySelector('.card .fold').open = false`)
	var picture bytes.Buffer
	check(h.t, jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 160, 90)), nil))
	look := func() {
		check(h.t, c.Send("monitor", map[string]any{"image": base64.StdEncoding.EncodeToString(picture.Bytes()), "width": 160, "height": 90, "peakDb": -18}))
	}
	look()
	h.wait("what it sees and hears", `(i => !i.hidden && i.naturalWidth === 160 && i.alt === 'What Door sees')(document.querySelector('.card-still')) && document.querySelector('.level').getAttribute('aria-valuenow') === '-18'`)
	checkPage(h, "a console that sees")
	h.shoot("console-monitor.png")
	h.run(`document.getElementById('monitor').click()`)
	look()
	h.wait("no more of it", `document.querySelector('.card-still').hidden`)
	h.run(`document.getElementById('monitor').click()`)
}

// chooseWhoRecords leaves a camera out of a take.
func chooseWhoRecords(h *hall) {
	h.t.Helper()
	h.run(`document.querySelectorAll('.card-foot > .tick input')[1].click()`)
	h.wait("one that is left out", `/The camera is ready\. 1 other device doesn’t film/.test(document.getElementById('ready-words').textContent)`)
	h.fill("take-duration", "1,5")
	h.run(`document.getElementById('take-countdown').value = '0', document.activeElement.blur()`)
	h.press("r")
	h.wait("a take of one", `/^1 device records/.test(document.getElementById('record-note').textContent)`)
	h.wait("its recording", `/uploaded/.test(takes.textContent) && document.querySelectorAll('.recordings tbody tr').length === 1`)
	h.run(`document.querySelectorAll('.card-foot > .tick input')[1].click()`)
}

// handOver gives the lead to a co-director and takes it back.
func handOver(h, o *hall) {
	h.t.Helper()
	o.wait("the co-director's console", `/Anna leads/.test(document.getElementById('lead-line').textContent)`)
	h.run(`document.getElementById('session-tools').open = true`)
	h.wait("somebody to hand over to", `document.getElementById('hand-to').options.length === 1`)
	h.run(`document.getElementById('hand-form').requestSubmit()`)
	o.wait("the lead", `/You lead/.test(document.getElementById('lead-line').textContent) && !record.disabled && document.querySelector('#camera-all select').value === '1280x720'`)
	h.wait("the way to take it back", `!lead.hidden && /take the lead back/.test(document.getElementById('lead-line').textContent) && record.disabled`)
	h.run(`lead.click()`)
	h.wait("the lead again", `/You lead/.test(document.getElementById('lead-line').textContent)`)
	o.wait("to look on", `/Anna leads/.test(document.getElementById('lead-line').textContent) && lead.hidden`)
}

// removeDevice asks first.
func removeDevice(h *hall, c *camera) {
	h.t.Helper()
	h.run(`document.querySelectorAll('.card .fold')[1].open = true`)
	h.wait("the tools", `document.querySelectorAll('.card .danger-text').length === 2`)
	h.run(`document.querySelectorAll('.card .danger-text')[1].click()`)
	h.wait("the question", `ask.open && /Remove Left/.test(ask.textContent) && document.activeElement.id === 'ask-no'`)
	h.run(`document.getElementById('ask-yes').click()`)
	h.wait("it to be gone", `![...document.querySelectorAll('.name-button')].some(b => b.textContent === 'Left')`)
	c.leave()
}

// removeAbsent takes a device out of the list that has gone.
func removeAbsent(h *hall) {
	h.t.Helper()
	c := h.add("Gone", 0, nil)
	h.wait("it to be there", `[...document.querySelectorAll('.name-button')].some(b => b.textContent === 'Gone')`)
	c.leave()
	h.wait("it to be away", `/Gone: not connected/.test(document.getElementById('ready-why').innerText)`)
	h.run(`document.getElementById('remove-absent').click()`)
	h.wait("the question", `ask.open && document.activeElement.id === 'ask-no'`)
	h.run(`document.getElementById('ask-yes').click()`)
	h.wait("it to be gone", `![...document.querySelectorAll('.name-button')].some(b => b.textContent === 'Gone')`)
}

// endSession ends it for all.
func endSession(h, o *hall) {
	h.t.Helper()
	h.run(`document.getElementById('end').click()`)
	h.wait("the question", `ask.open && document.activeElement.id === 'ask-no'`)
	h.run(`document.getElementById('ask-yes').click()`)
	eventually(h.t, "the start page", func() bool { // of another document than the one that was asked
		there, err := chromedp.Run(h.page, chromedp.Evaluate[bool](`location.search === '' && /No session yet/.test(document.body.innerText)`))
		return err == nil && there || !pause(h.page, 50*time.Millisecond)
	})
	o.wait("word of it", `/ended the session/.test(document.getElementById('alerts').textContent)`)
}
