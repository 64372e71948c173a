package e2e

import (
	"math"
	"net"
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/server"
)

// TestBrowserHidden: the timers of a page in the background are held back by up
// to a second; `at` is on time there all the same, on the page and in the worker.
func TestBrowserHidden(t *testing.T) {
	throttled := []chromedp.ExecAllocatorOption{}
	for _, flag := range []string{"disable-background-timer-throttling", "disable-backgrounding-occluded-windows", "disable-renderer-backgrounding"} {
		throttled = append(throttled, chromedp.Flag(flag, false))
	}
	room := newRoom(t, nil, throttled...)
	u := room.join(nil)
	window, err := chromedp.Run(u.ctx, call(browser.GetWindowForTarget, browser.GetWindowForTargetParams{}))
	check(t, err)
	_, err = chromedp.Run(u.ctx, call(browser.SetWindowBounds, browser.SetWindowBoundsParams{WindowID: window.WindowID, Bounds: &browser.Bounds{WindowState: "minimized"}}))
	check(t, err)
	u.do(`until(() => document.visibilityState === 'hidden')`)
	late := ask[[]float64](u, `(async () => {
		const own = [], ours = []
		for (let i = 0; i < 5; i++) {
			const ms = 150 + 37 * i
			const timer = new Promise(done => {
				const began = performance.now()
				setTimeout(() => done(performance.now() - began - ms), ms)
			})
			const act = new Promise(done => s.at(s.now() + ms, ({ lateness }) => done(lateness)))
			own.push(await timer)
			ours.push(await act)
		}
		return [Math.max(...own), Math.max(...ours)]
	})()`)
	t.Logf("hidden: a timer is up to %.1f ms late, at() %.3f ms", late[0], late[1])
	if late[0] > 100 && late[1] > 50 {
		t.Errorf("hidden: at() was %.1f ms late", late[1])
	}
}

// TestBrowserLacks: what a browser or a page lacks costs exactness and nothing
// else, and is told.
func TestBrowserLacks(t *testing.T) {
	room := newRoom(t, map[string]http.HandlerFunc{"/test/plain": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>not isolated</title>"))
	}})
	room.browser.startTrace(t, room.browser.ctx)
	cases := []struct{ name, path, before, missing, thread, way string }{
		{"nothing", "/device", "", "", "worker", "udp"},
		{"isolation", "/test/plain", "", "isolation", "worker", "udp"},
		{"workers", "/device", "delete globalThis.Worker", "worker", "page", "udp"},
		{"module workers", "/device", `globalThis.Worker = class {
			constructor() { setTimeout(() => this.onerror(new Event('error'))) }
			terminate() {}
		} && null`, "worker", "page", "udp"},
		{"channels that go to a worker", "/device", `(() => {
			const real = Worker.prototype.postMessage
			Worker.prototype.postMessage = function (m, transfer) {
				if (transfer) throw new DOMException('not here', 'DataCloneError')
				real.call(this, m)
			}
		})()`, "", "page", "udp"},
		{"WebRTC", "/device", "delete globalThis.RTCPeerConnection", "webrtc", "page", "websocket"},
		{"storage", "/device", `for (const name of ['sessionStorage', 'localStorage'])
			Object.defineProperty(globalThis, name, { get() { throw new DOMException('no storage', 'SecurityError') } })`, "", "worker", "udp"},
	}
	var users []user
	for _, c := range cases {
		u := user{t, room.browser.tab(t, room.url+c.path)}
		if c.before != "" {
			u.do(`(() => { ` + c.before + ` })()`)
		}
		u.join(nil)
		u.do(`until(() => s.path === '` + c.way + `')`)
		got := ask[[2]string](u, `[s.missing.join(), s.clockThread]`)
		if c.way != "websocket" && got != [2]string{c.missing, c.thread} || got[0] != c.missing {
			t.Errorf("without %s: missing %q, clock in the %s", c.name, got[0], got[1])
		}
		u.do(`(async () => {
			const acted = new Promise(done => s.onCommand('flash', (command, { lateness }) => done(lateness)))
			await new Promise(done => s.at(s.now() + 20, done))
			if (s.isLeader) await s.schedule('flash').then(() => acted)
		})()`)
		users = append(users, u)
	}
	for i, worst := range room.honest(users...) {
		t.Logf("without %s: clock off by %v at most", cases[i].name, worst)
	}
}

// TestBrowserAudioTrim: the trim makes sound start that much earlier, and is
// remembered.
func TestBrowserAudioTrim(t *testing.T) {
	room := newRoom(t, nil)
	u := room.join(nil)
	earlier := ask[float64](u, `(async () => {
		const ctx = new AudioContext()
		await ctx.resume()
		const t = s.now() + 5000
		s.toAudio(ctx, t)
		await new Promise(done => setTimeout(done, 1500))
		const before = s.toAudio(ctx, t)
		s.audioTrim = 35
		return before - s.toAudio(ctx, t)
	})()`)
	if math.Abs(earlier-0.035) > 0.001 {
		t.Errorf("a trim of 35 ms: %v s earlier", earlier)
	}
	u.reload()
	u.join(nil)
	if trim := ask[float64](u, `s.audioTrim`); trim != 35 {
		t.Errorf("after a reload the trim is %v", trim)
	}
}

// TestBrowserPlainHTTP: a page that came unencrypted from another address, as
// on a phone in a room without certificates, has neither locks nor isolation. It is
// a device all the same, and the same one after a reload.
func TestBrowserPlainHTTP(t *testing.T) {
	address := ownAddress(t)
	r, err := lab.NewRig(t.Context(), server.Config{Log: quiet(), Addr: address + ":0"}, nil)
	check(t, err)
	defer func() { check(t, r.Close()) }()
	room := &room{t: t, rig: r, browser: newChromium(t), url: r.URL}
	defer room.browser.close()
	u := room.open()
	room.browser.startTrace(t, u.ctx)
	u.join(nil)
	u.do(`until(() => s.path === 'udp')`)
	type page struct {
		Secure, Locks bool
		Missing       []string
		Device        string
	}
	const look = `({ Secure: isSecureContext, Locks: 'locks' in navigator, Missing: s.missing, Device: s.deviceId })`
	before := ask[page](u, look)
	if before.Secure || before.Locks {
		t.Errorf("the page is a secure one: %+v", before)
	}
	u.reload()
	u.join(nil)
	if after := ask[page](u, look); after.Device != before.Device {
		t.Errorf("reloaded, %s became %s", before.Device, after.Device)
	}
	t.Logf("missing %v, resolution %.3f ms, off by %v at most", before.Missing, ask[float64](u, `s.resolution`), room.honest(u)[0])
}

// ownAddress is an address of this machine that isn't loopback's.
func ownAddress(t *testing.T) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	check(t, err)
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return n.IP.String()
		}
	}
	t.Skip("this machine has no address but loopback's")
	return ""
}
