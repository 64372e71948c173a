package e2e

import (
	"context"
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/server"
)

// room is a real server and a real Chromium, for pages that use the library as
// anybody's page would.
type room struct {
	t       testing.TB
	rig     *lab.Rig
	browser *chromium
	url     string
}

// newRoom serves further paths beside the product's, if any.
func newRoom(t testing.TB, further map[string]http.HandlerFunc, options ...chromedp.ExecAllocatorOption) *room {
	t.Helper()
	return newRoomOf(t, server.Config{}, further, options...)
}

// newRoomOf is newRoom with a server of this configuration.
func newRoomOf(t testing.TB, cfg server.Config, further map[string]http.HandlerFunc, options ...chromedp.ExecAllocatorOption) *room {
	t.Helper()
	cfg.Log = quiet()
	r, err := lab.NewRig(t.Context(), cfg, func(product http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/", new(entrance).wrap(product))
		for path, handler := range further {
			mux.HandleFunc(path, handler)
		}
		return mux
	})
	check(t, err)
	room := &room{t: t, rig: r, browser: newChromium(t, options...), url: r.URL}
	t.Cleanup(func() { room.browser.close(); check(t, r.Close()) })
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
	u.do(joining(u.t, options))
}

// joining joins as `s` and waits for session time, in any browser.
func joining(t testing.TB, options joinOptions) string {
	t.Helper()
	all := joinOptions{"sessionId": stageSession, "deviceType": "desktop"}
	maps.Copy(all, options)
	encoded, err := json.Marshal(all)
	check(t, err)
	return `(async () => {
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
	})()`
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

// reading is what a page believed at a mark, in ms.
type reading struct {
	Mark           string
	Session, Bound float64
}

// readings makes 20 marks, numbered from a number on, and tells what the page believes of each.
func (u user) readings(from int) []reading {
	u.t.Helper()
	return ask[[]reading](u, `(async () => {
		const all = []
		for (let i = `+strconv.Itoa(from)+`, end = i + 20; i < end; i++) {
			await new Promise(done => setTimeout(done, 30))
			const Mark = 'probe:' + s.deviceId + i
			const { startTime } = performance.mark(Mark)
			all.push({ Mark, Session: s.toSession(startTime), Bound: s.bound })
		}
		return all
	})()`)
}

// honest compares what pages believe with the machine's monotonic clock: their
// errors must be within the bounds that were told with them. Ends the trace,
// which must have been started before, and returns each page's worst error.
func (r *room) honest(users ...user) (worst []time.Duration) {
	r.t.Helper()
	var told [][]reading
	for _, u := range users {
		told = append(told, u.readings(0))
	}
	truth := r.marks()
	for i, readings := range told {
		outside, most := 0, time.Duration(0)
		for _, got := range readings {
			truly, ok := truth[got.Mark]
			if !ok {
				r.t.Fatalf("%s is not in the trace", got.Mark)
			}
			err := sessionMs(got.Session).Sub(truly).Abs()
			most = max(most, err)
			if ms(err) > got.Bound {
				outside++
			}
		}
		if outside > 1 {
			r.t.Errorf("page %d: %d of %d readings were further from the truth than their bound", i, outside, len(readings))
		}
		worst = append(worst, most)
	}
	return worst
}

// marks ends the trace and returns the true session time of each mark.
func (r *room) marks() map[string]clock.SessionTime {
	r.t.Helper()
	at, all := sessionAt(r.t, r.rig.Server.Clock()), map[string]clock.SessionTime{}
	for _, m := range r.browser.endTrace(r.t) {
		all[m.Name] = at(m.monotonic())
	}
	return all
}

// sessionMs is session time as JavaScript has it.
func sessionMs(ms float64) clock.SessionTime {
	whole, rest := math.Modf(ms)
	return clock.SessionTime(int64(whole)*1e6 + int64(rest*1e6))
}

// quote is a string as JavaScript.
func quote(t testing.TB, text string) string {
	t.Helper()
	b, err := json.Marshal(text)
	check(t, err)
	return string(b)
}
