package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// viewer is the watch page as somebody uses it.
type viewer struct {
	t   testing.TB
	ctx context.Context
}

// await waits until a JavaScript expression is true; $ finds an element by its id.
func (w viewer) await(js string) {
	w.t.Helper()
	var ok bool
	evaluate(w.t, w.ctx, `new Promise(done => {
		const $ = id => document.getElementById(id), end = performance.now() + 15000
		const look = () => (`+js+`) ? done(true) : performance.now() > end ? done(false) : setTimeout(look, 20)
		look()
	})`, &ok)
	if !ok {
		w.t.Fatalf("waited in vain for %s; the page says: %s", js, w.words())
	}
}

func (w viewer) words() (words string) {
	w.t.Helper()
	evaluate(w.t, w.ctx, `document.getElementById('state').textContent + ': ' + document.getElementById('words').textContent`, &words)
	return words
}

func (w viewer) position() (s float64) {
	w.t.Helper()
	evaluate(w.t, w.ctx, `document.getElementById('media').currentTime`, &s)
	return s
}

func (w viewer) do(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 10*time.Second)
	defer cancel()
	check(w.t, chromedp.Do(ctx, steps...))
}

// picture keeps what the page looks like at a width.
func (w viewer) picture(name string, width int64, dark bool) {
	w.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	_, err := chromedp.Run(w.ctx, call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	}))
	check(w.t, err)
	w.do(chromedp.EmulateViewport(width, 900))
	var wide float64
	evaluate(w.t, w.ctx, `document.documentElement.scrollWidth`, &wide)
	if int64(wide) > width {
		w.t.Errorf("at %d px the page is %v px wide", width, wide)
	}
	picture, err := chromedp.Run(w.ctx, chromedp.FullScreenshot(100))
	check(w.t, err)
	artefact(w.t, fmt.Sprintf("watch-%s-%d-%s.png", name, width, scheme), picture)
}

// TestWatchPage: somebody opens the page, is asked for a name, loads a film of
// another server, which says nothing of CORS, and leads by keys; a second one is
// asked for a tap, since this browser doesn't play by itself, and watches; then
// the server is gone.
func TestWatchPage(t *testing.T) {
	r, err := newRig(t.Context(), quiet(), nil)
	check(t, err)
	running := true
	browser := newChromium(t, chromedp.Flag("autoplay-policy", "document-user-activation-required"))
	defer func() {
		browser.close()
		if running {
			check(t, r.close())
		}
	}()

	w := viewer{t, browser.tab(t, r.url+"/watch?session=cinema")}
	w.await(`!$('enter').hidden && $('ask-session').hidden`)
	w.do(chromedp.SendKeys("#name", "Ada"+kb.Enter))
	w.await(`$('state').textContent === 'nothing loaded' && !$('lead').hidden`)
	var isolated bool
	evaluate(t, w.ctx, `crossOriginIsolated`, &isolated)
	if !isolated {
		t.Error("the page is not isolated")
	}

	w.do(chromedp.SendKeys("#url", elsewhere(t)+"/film.webm"+kb.Enter))
	w.await(`$('state').textContent === 'paused' && $('media').readyState > 2`)
	w.do(chromedp.Click("#toggle"))
	w.await(`$('tap').hidden && $('state').textContent === 'together'`)

	before := w.position()
	w.do(chromedp.KeyEvent(kb.ArrowRight))
	w.await(fmt.Sprintf(`$('media').currentTime > %f && $('state').textContent === 'together'`, before+10))
	second := viewer{t, browser.tab(t, r.url+"/watch?session=cinema")}
	second.await(`!$('here').hidden && $('members').textContent === '2 people' && $('leader').textContent === 'Ada' && $('lead').hidden`)
	second.await(`!$('tap').hidden && $('state').textContent === 'tap to start' && /tap/i.test($('words').textContent)`)
	second.picture("tap", 360, true)
	second.do(chromedp.Click("#tap-sound"))
	second.await(`$('tap').hidden && $('state').textContent === 'together' && $('drift').textContent !== '—'`)
	w.picture("lead", 360, false)
	w.picture("lead", 1280, true)
	second.picture("member", 1280, false)

	evaluate(t, w.ctx, `document.activeElement.blur()`, new(any))
	w.do(chromedp.KeyEvent(" "))
	for _, page := range []viewer{w, second} {
		page.await(`$('state').textContent === 'paused' && $('media').paused`)
	}
	if a, b := w.position(), second.position(); a != b {
		t.Errorf("paused at %v and at %v", a, b)
	}
	running = false
	check(t, r.close())
	second.await(`$('state').textContent === 'reconnecting'`)
	if words := second.words(); !strings.Contains(words, "server can’t be reached") {
		t.Error(words)
	}
}
