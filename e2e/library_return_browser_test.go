package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestBrowserReload: a reloaded page is the same device again; a duplicate of its tab, which has a
// copy of the tab's storage, becomes a device of its own, and the first goes on undisturbed.
func TestBrowserReload(t *testing.T) {
	room := newRoom(t, nil)
	u := room.join(nil)
	device := ask[string](u, `s.deviceId`)
	u.reload()
	u.join(nil)
	if again := ask[string](u, `s.deviceId`); again != device {
		t.Errorf("reloaded, %s became %s", device, again)
	}

	storage := ask[map[string]string](u, `({ ...sessionStorage })`)
	duplicate := room.open()
	for key, value := range storage {
		duplicate.do(`sessionStorage.setItem(` + quote(t, key) + `, ` + quote(t, value) + `)`)
	}
	duplicate.join(nil)
	if other := ask[string](duplicate, `s.deviceId`); other == device {
		t.Error("a duplicated tab took the first one's place")
	}
	pause(t.Context(), 500*time.Millisecond)
	if heard := ask[[]any](u, `heard`); len(heard) > 0 {
		t.Errorf("the first tab was disturbed: %v", heard)
	}
	duplicate.reload()
	duplicate.join(nil)
	if state := ask[string](u, `s.state`); state != "synced" {
		t.Errorf("after a reload of the duplicate the first tab is %s", state)
	}
}

// TestBrowserWithoutLocks: pages that came over plain HTTP have no locks, and tell
// duplicates all the same.
func TestBrowserWithoutLocks(t *testing.T) {
	const noLocks = `Object.defineProperty(navigator, 'locks', { value: undefined }) && null`
	room := newRoom(t, nil)
	u := room.open()
	u.do(noLocks)
	u.join(nil)
	device := ask[string](u, `s.deviceId`)
	u.reload()
	u.do(noLocks)
	u.join(nil)
	if again := ask[string](u, `s.deviceId`); again != device {
		t.Errorf("reloaded, %s became %s", device, again)
	}
	duplicate := room.open()
	for key, value := range ask[map[string]string](u, `({ ...sessionStorage })`) {
		duplicate.do(`sessionStorage.setItem(` + quote(t, key) + `, ` + quote(t, value) + `)`)
	}
	duplicate.do(noLocks)
	duplicate.join(nil)
	if other := ask[string](duplicate, `s.deviceId`); other == device {
		t.Error("a duplicated tab took the first one's place")
	}
}

// TestBrowserReplaced: who joins elsewhere with this device's token takes its
// place, and this page says what to do.
func TestBrowserReplaced(t *testing.T) {
	room := newRoom(t, nil)
	u := room.join(nil)
	token := ask[string](u, `sessionStorage[Object.keys(sessionStorage)[0]].split(' ')[0]`)
	room.join(joinOptions{"resumeToken": token})
	u.do(`until(() => s.state === 'closed')`)
	closed := ask[[][2]any](u, `heard`)
	if len(closed) != 1 || closed[0][0] != "closed" {
		t.Fatalf("heard %v", closed)
	}
	t.Log(closed[0][1])
	u.reload()
	u.join(nil)
	if state := ask[string](u, `s.state`); state != "synced" {
		t.Errorf("reloaded: %s", state)
	}
}

// TestBrowserLeaves: who leaves is gone for the server, and comes back as another device.
func TestBrowserLeaves(t *testing.T) {
	room := newRoom(t, nil)
	u := room.join(nil)
	device := ask[string](u, `s.deviceId`)
	type after struct {
		State  string
		Heard  []any
		Failed string
	}
	got := ask[after](u, `(async () => {
		await s.leave()
		const Failed = await s.schedule('x').then(() => '', e => e.code)
		return { State: s.state, Heard: heard, Failed }
	})()`)
	if got.State != "closed" || len(got.Heard) > 0 || got.Failed != "closed" {
		t.Errorf("after leaving: %+v", got)
	}
	u.reload()
	u.join(nil)
	if again := ask[string](u, `s.deviceId`); again == device {
		t.Error("came back as the device that left")
	}
	if n := ask[int](u, `s.session.devices.length`); n != 1 {
		t.Errorf("%d devices", n)
	}
}

// TestBrowserServerKilled: the server is killed and started again; the page comes back by itself as the same device.
func TestBrowserServerKilled(t *testing.T) {
	server := newInstance(t, "--data", t.TempDir())
	browser := newChromium(t)
	defer browser.close()
	u := openPage(t, browser, server.url)
	u.join(nil)
	u.do(`until(() => s.path === 'udp')`)
	device := ask[string](u, `s.deviceId`)
	server.kill()
	u.do(`until(() => s.state === 'reconnecting')`)
	if now := ask[*float64](u, `s.now()`); now == nil {
		t.Error("without a server session time is unknown")
	}
	server.start()
	u.do(`until(() => s.state === 'synced' && s.path === 'udp')`)
	if again := ask[string](u, `s.deviceId`); again != device {
		t.Errorf("came back as %s, not as %s", again, device)
	}
}

// TestBrowserGoesBack: a page that is left and gone back to is there again as
// itself, whether the browser kept it or not. Chromium keeps none that has WebRTC: a page that was kept
// is made by saying so.
func TestBrowserGoesBack(t *testing.T) {
	room := newRoom(t, nil)
	u := room.join(nil)
	device := ask[string](u, `s.deviceId`)
	_, err := chromedp.Run(u.ctx, chromedp.Navigate(room.url+"/icon.svg"))
	check(t, err)
	_, err = chromedp.Run(u.ctx, chromedp.NavigateBack())
	check(t, err)
	if kept := ask[bool](u, `'s' in globalThis`); !kept {
		u.join(nil)
	}
	u.do(`until(() => s.path === 'udp')`)
	u.do(`dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))`)
	u.backAs(device)
}

// TestBrowserFrozen: the browser freezes a page in the background, as it does
// to save energy, and thaws it.
func TestBrowserFrozen(t *testing.T) {
	room := newRoom(t, nil)
	u := room.join(nil)
	u.do(`until(() => s.path === 'udp')`)
	device := ask[string](u, `s.deviceId`)
	for _, state := range []page.SetWebLifecycleStateState{"frozen", "active"} {
		_, err := chromedp.Run(u.ctx, call(page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: state}))
		check(t, err)
		pause(t.Context(), time.Second)
	}
	u.backAs(device)
}

// TestBrowserClockStood: a clock that stood still while the machine slept is
// vouched for by nobody until it has been measured anew.
func TestBrowserClockStood(t *testing.T) {
	room := newRoom(t, nil)
	u := room.join(joinOptions{"actions": "/test/actions.js"})
	room.browser.startTrace(t, u.ctx)
	u.do(`(() => {
		globalThis.states = []
		s.on('clock', () => { if (states.at(-1)?.[0] !== s.state) states.push([s.state, s.bound]) })
		s.at(s.now(), 'sleep')
	})()`)
	u.do(`until(() => states.some(([state, bound]) => state === 'syncing' && bound === Infinity))`)
	u.do(`until(() => s.state === 'synced')`)
	room.honest(u)
}

// backAs waits for a page to have come back as the device that it was.
func (u user) backAs(device string) {
	u.t.Helper()
	u.do(`until(() => heard.some(([name]) => name === 'reconnecting'))`)
	u.do(`until(() => s.state === 'synced' && s.path === 'udp')`)
	if again := ask[string](u, `s.deviceId`); again != device {
		u.t.Errorf("came back as %s, not as %s", again, device)
	}
	u.do(`s.schedule('x')`)
}
