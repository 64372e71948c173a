package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/server"
	"github.com/downbeat-sync/downbeat/session"
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
	r, err := lab.NewRig(t.Context(), server.Config{Log: quiet()}, nil)
	check(t, err)
	running := true
	browser := newChromium(t, chromedp.Flag("autoplay-policy", "document-user-activation-required"))
	defer func() {
		browser.close()
		if running {
			check(t, r.Close())
		}
	}()

	nowhere := viewer{t, browser.tab(t, r.URL+"/watch?session=cinema&name=Ada")}
	nowhere.await(`$('state').textContent === 'not joined' && /no such session/.test($('words').textContent)`)
	made, err := r.Server.Sessions().Create(t.Context(), session.CreateRequest{CreatorName: "Host"})
	check(t, err)
	w := viewer{t, browser.tab(t, r.URL+"/watch?session="+made.SessionID)}
	w.await(`!$('enter').hidden && $('ask-session').hidden`)
	w.do(chromedp.SendKeys("#name", "Ada"+kb.Enter))
	w.await(`$('state').textContent === 'nothing loaded' && $('lead').hidden && !$('take').hidden`)
	w.do(chromedp.Click("#take"))
	w.await(`!$('lead').hidden && $('members').textContent === 'only this screen'`)
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
	second := viewer{t, browser.tab(t, r.URL+"/watch?session="+made.SessionID+"&as=new")}
	second.await(`!$('here').hidden && $('members').textContent === '2 screens' && $('leader').textContent === 'Ada' && $('lead').hidden`)
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
	if a, b := w.position(), second.position(); math.Abs(a-b) > 0.001 { // far less than a frame: media count in their own ticks
		t.Errorf("paused at %v and at %v", a, b)
	}
	running = false
	check(t, r.Close())
	second.await(`$('state').textContent === 'reconnecting'`)
	if words := second.words(); !strings.Contains(words, "server can’t be reached") {
		t.Error(words)
	}
}

// TestWatchPageFilm: a film of the server's own with its subtitles, on the full screen with
// the controls, which hide while nothing moves, and by keys.
func TestWatchPageFilm(t *testing.T) {
	dir := t.TempDir()
	film, err := testdata.ReadFile("testdata/player.webm")
	check(t, err)
	check(t, os.WriteFile(filepath.Join(dir, "My film.webm"), film, 0o644))
	check(t, os.WriteFile(filepath.Join(dir, "My film.en.vtt"), []byte("WEBVTT\n\n00:00.000 --> 01:00.000\nGood evening\n"), 0o644))
	i := newInstance(t, "--media", dir)
	var made struct{ SessionID string }
	answer, err := http.Post(i.url+"/api/sessions", "application/json", strings.NewReader(`{"creatorName":"Host"}`))
	check(t, err)
	check(t, json.NewDecoder(answer.Body).Decode(&made))
	check(t, answer.Body.Close())
	browser := newChromium(t)
	defer browser.close()
	w := viewer{t, browser.tab(t, i.url+"/watch?name=Ada&session="+made.SessionID)}
	w.await(`!$('take').hidden`)
	w.do(chromedp.Click("#take"))
	w.await(`!$('lead').hidden`)
	w.do(chromedp.Focus("#url"))
	w.await(`$('films').options.length === 1`)
	w.do(chromedp.SendKeys("#url", "My film.webm"+kb.Enter))
	w.await(`$('state').textContent === 'paused' && $('medium').textContent === 'My film' && !$('titles').hidden`)
	evaluate(t, w.ctx, `(titles.value = '0', titles.dispatchEvent(new Event('change')), document.activeElement.blur(), 0)`, new(int))
	w.await(`$('media').textTracks[0]?.cues?.length === 1 && $('media').textTracks[0].mode === 'showing'`)

	w.do(chromedp.Click("#full"))
	w.await(`document.fullscreenElement === $('stage') && $('full').textContent === 'Exit'`)
	evaluate(t, w.ctx, `document.activeElement.blur()`, new(any))
	w.do(chromedp.KeyEvent(" "))
	w.await(`$('state').textContent === 'together' && !$('stage').classList.contains('still')`)
	shot, err := chromedp.Run(w.ctx, chromedp.CaptureScreenshot())
	check(t, err)
	artefact(t, "watch-full.png", shot)
	w.await(`$('stage').classList.contains('still')`)
	w.do(chromedp.KeyEvent(kb.ArrowRight))
	w.await(`!$('stage').classList.contains('still') && $('media').currentTime > 10`)
	w.do(chromedp.KeyEvent("f"))
	w.await(`!document.fullscreenElement && $('full').textContent === 'Full screen'`)
}
