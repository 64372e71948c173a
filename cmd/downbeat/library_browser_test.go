package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// room is a real server and a real Chromium, for pages that use the library as
// anybody's page would.
type room struct {
	t       testing.TB
	rig     *rig
	browser *chromium
	url     string
}

// newRoom serves further paths beside the product's, if any.
func newRoom(t testing.TB, further map[string]http.HandlerFunc, options ...chromedp.ExecAllocatorOption) *room {
	t.Helper()
	r, err := newRig(t.Context(), quiet(), func(product http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/", new(entrance).wrap(product))
		for path, handler := range further {
			mux.HandleFunc(path, handler)
		}
		return mux
	})
	check(t, err)
	room := &room{t: t, rig: r, browser: newChromium(t, options...), url: r.url}
	t.Cleanup(func() { room.browser.close(); check(t, r.close()) })
	return room
}

// user is a page that has joined as `s`.
type user struct {
	t   testing.TB
	ctx context.Context
}

// joinOptions are the library's, as far as tests need them.
type joinOptions map[string]any

// open opens a page of the product that does nothing by itself.
func (r *room) open() user { return openPage(r.t, r.browser, r.url) }

func openPage(t testing.TB, browser *chromium, url string) user {
	t.Helper()
	return user{t, browser.tab(t, url+"/device")}
}

// join opens a page and joins the session `stage`.
func (r *room) join(options joinOptions) user {
	r.t.Helper()
	u := r.open()
	u.join(options)
	return u
}

// join joins with the library of the page's own server and waits for session time.
func (u user) join(options joinOptions) {
	u.t.Helper()
	all := joinOptions{"sessionId": stageSession, "deviceType": "desktop"}
	for name, value := range options {
		all[name] = value
	}
	encoded, err := json.Marshal(all)
	check(u.t, err)
	u.do(`(async () => {
		const { join } = await import('/downbeat.js')
		globalThis.s = await join(` + string(encoded) + `)
		globalThis.heard = []
		for (const name of ['closed', 'reconnecting', 'failed']) s.on(name, data => heard.push([name, data]))
		globalThis.until = (what, ms = 15000) => new Promise((done, fail) => {
			const end = performance.now() + ms
			const look = () => what() ? done(true) : performance.now() > end ? fail(new Error('in vain: ' + what + ' ' + s.state)) : setTimeout(look, 5)
			look()
		})
		await until(() => s.state === 'synced')
	})()`)
}

// do runs JavaScript for its effect.
func (u user) do(js string) {
	u.t.Helper()
	var ignored any
	evaluate(u.t, u.ctx, js, &ignored)
}

// ask evaluates JavaScript, promises too.
func ask[T any](u user, js string) T {
	u.t.Helper()
	var v T
	evaluate(u.t, u.ctx, js, &v)
	return v
}

// reload loads the page again and waits for it.
func (u user) reload() {
	u.t.Helper()
	_, err := chromedp.Run(u.ctx, chromedp.Reload())
	check(u.t, err)
}

// honest compares what the page believes with the machine's monotonic clock:
// each error must be within the bound that was told with it. Needs a trace
// that was started on the page's browser.
func (r *room) honest(u user) (worst time.Duration) {
	r.t.Helper()
	type reading struct{ Session, Bound float64 } // ms
	readings := ask[[]reading](u, `(async () => {
		const all = []
		for (let i = 0; i < 20; i++) {
			await new Promise(done => setTimeout(done, 30))
			const { startTime } = performance.mark('probe:' + i)
			all.push({ Session: s.toSession(startTime), Bound: s.bound })
		}
		return all
	})()`)
	at := sessionAt(r.t, r.rig.service.clock)
	marks := map[string]mark{}
	for _, m := range r.browser.endTrace(r.t) {
		marks[m.Name] = m
	}
	outside := 0
	for i, got := range readings {
		m, ok := marks["probe:"+strconv.Itoa(i)]
		if !ok {
			r.t.Fatalf("probe %d left no mark", i)
		}
		err := time.Duration((got.Session - float64(at(m.monotonic()))/1e6) * 1e6).Abs()
		worst = max(worst, err)
		if float64(err)/1e6 > got.Bound {
			outside++
		}
	}
	if outside > 1 {
		r.t.Errorf("%d of %d readings were further from the truth than their bound", outside, len(readings))
	}
	return worst
}
