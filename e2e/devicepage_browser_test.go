package e2e

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/downbeat-sync/downbeat/signaling"
)

// until waits for a condition on a page, JavaScript, and fails with what the page says otherwise.
func until(t *testing.T, page context.Context, cond string) {
	t.Helper()
	var said string
	evaluate(t, page, fmt.Sprintf(`new Promise(done => {
		const end = performance.now() + 18000, look = () => (%s) ? done('') : performance.now() > end ? done(document.body.innerText) : setTimeout(look, 20)
		look()
	})`, cond), &said)
	if said != "" {
		t.Fatalf("waited for %s; the page says %s", cond, said)
	}
}

// press taps a button as a user does.
func press(t *testing.T, page context.Context, id string) {
	t.Helper()
	var done bool
	evaluate(t, page, fmt.Sprintf(`(document.querySelector(%q).click(), true)`, id), &done)
}

// says is JavaScript that is true when an element's text matches.
func says(id, pattern string) string {
	return fmt.Sprintf(`/%s/.test(document.querySelector(%q).textContent)`, pattern, id)
}

// leader is the member who leads a session of an instance.
func leader(t *testing.T, i *instance, session string) *connected {
	t.Helper()
	c := i.join(signaling.JoinRequest{SessionID: session, Username: "Ann"})
	if !c.IsLeader {
		t.Fatal("somebody else leads")
	}
	return c
}

func (c *connected) must(t *testing.T, event string, data any) {
	t.Helper()
	if _, err := c.Call(t.Context(), event, data); err != nil {
		t.Fatalf("%s: %v", event, err)
	}
}

// TestDevicePage is a phone's way: camera, the browser's question (nobody is asked
// here), view; ready. It records a take with a countdown, goes on recording while the server is
// killed, and sends everything once it is back. After a reload it is in by itself, as the same device.
func TestDevicePage(t *testing.T) {
	i := newInstance(t, "--data", t.TempDir())
	ann := leader(t, i, "film")
	browser := newChromium(t, fakeCamera...)
	defer browser.close()
	page := browser.tab(t, i.url+"/device?session=film")
	until(t, page, `!document.querySelector('#choose').hidden`)
	shootAll(t, page, "device-choose")
	press(t, page, "#use-camera")
	until(t, page, `document.querySelector('#try').videoWidth > 0`)
	shootAll(t, page, "device-view")
	var ms float64
	evaluate(t, page, `new Promise(done => {
		const from = performance.now(), look = () => document.querySelector('#state').textContent === 'ready' ? done(performance.now() - from) : setTimeout(look, 1)
		document.querySelector('[data-view=front]').click()
		look()
	})`, &ms)
	t.Logf("ready %.0f ms after the last tap", ms)
	until(t, page, `document.querySelector('#preview').videoWidth > 0 && !document.querySelector('#finder').hidden`)
	until(t, page, `document.querySelector('#camera-choice').options.length > 0`)
	shootAll(t, page, "device-ready")

	ann.must(t, "start_recording", map[string]any{"postureLabel": "Warrior II", "delay": 2500})
	until(t, page, `!document.querySelector('#count').hidden && `+says("#count-label", "Warrior"))
	shootAll(t, page, "device-countdown")
	until(t, page, says("#state", "recording")+` && `+says("#rec-time", "0:0[1-9]"))
	shootAll(t, page, "device-recording")
	i.kill()
	until(t, page, says("#words", "The connection is lost. The recording goes on"))
	shootAll(t, page, "device-lost")
	i.start()
	until(t, page, says("#words", "Recording. Keep"))
	ann = i.join(signaling.JoinRequest{SessionID: "film", ResumeToken: ann.ResumeToken})
	ann.must(t, "stop_recording", nil)
	until(t, page, says("#takes", "Warrior II")+` && `+says("#takes", "sent, ")+` && `+says("#kept", "Everything is on the server"))
	shootAll(t, page, "device-sent")
	var list struct {
		Recordings []struct{ DeviceID, UploadStatus string }
	}
	i.get("/api/sessions/film/recordings", &list)
	if len(list.Recordings) != 1 || list.Recordings[0].UploadStatus != "uploaded" {
		t.Errorf("the session's recordings: %+v", list)
	}

	check(t, chromedp.Do(page, chromedp.Reload()))
	until(t, page, says("#state", "ready")+` && `+says("#name", "front")+` && document.querySelector('#choose').hidden`)
	var state struct {
		Session struct {
			Devices []struct {
				DeviceID, ViewType string
				IsConnected        bool
			}
		}
	}
	i.get("/api/sessions/film", &state)
	devices := 0
	for _, d := range state.Session.Devices {
		if d.ViewType == "front" && d.IsConnected && d.DeviceID == list.Recordings[0].DeviceID {
			devices++
		}
	}
	if devices != 1 {
		t.Errorf("after a reload: %+v", state)
	}
	twin := browser.tab(t, i.url+"/device?session=film")
	until(t, twin, says("#alerts", "open twice"))
	until(t, page, says("#alerts", "open twice"))
}

// TestDevicePageWithoutCamera: a device that flashes only joins with one tap, says at a take
// that it has nothing, and a link can say so for it.
func TestDevicePageWithoutCamera(t *testing.T) {
	i := newInstance(t, "--data", t.TempDir())
	ann := leader(t, i, "dark")
	browser := newChromium(t)
	defer browser.close()
	page := browser.tab(t, i.url+"/device?session=dark&name=Lamp")
	until(t, page, `!document.querySelector('#choose').hidden`)
	press(t, page, "#use-camera")
	until(t, page, says("#camera-words", "no camera|may not use"))
	shoot(t, page, 390, 844, false, "device-nocamera.png")
	press(t, page, "#no-camera")
	until(t, page, says("#state", "ready|coarse")+` && `+says("#name", "Lamp"))
	second := browser.tab(t, i.url+"/device?session=dark&camera=none&view=side&name=Second")
	until(t, second, says("#state", "ready|coarse")+` && `+says("#name", "side · Second"))
	ann.must(t, "start_recording", map[string]any{"duration": 500})
	ann.await(t, "stop_recording")
	var list struct{ Recordings []any }
	i.get("/api/sessions/dark/recordings", &list)
	if len(list.Recordings) > 0 {
		t.Errorf("devices without a camera are waited for: %+v", list)
	}
	var sync struct {
		Devices []struct{ Status *struct{ Camera string } }
	}
	i.get("/api/sessions/dark/sync", &sync)
	for _, d := range sync.Devices {
		if d.Status != nil && d.Status.Camera != "none" {
			t.Errorf("a device says that its camera is %s", d.Status.Camera)
		}
	}
	press(t, page, "#sound")
	until(t, page, `!document.querySelector('#tuning').hidden`)
	var trim string
	evaluate(t, page, `(() => {
		const slider = document.querySelector('#trim')
		slider.value = 120
		slider.dispatchEvent(new Event('input'))
		document.querySelector('#clicks').click()
		return localStorage.getItem('downbeat:audioTrim')
	})()`, &trim)
	if trim != "120" {
		t.Errorf("the trim is %s", trim)
	}
	shootAll(t, page, "device-sound")
	ann.must(t, "schedule", map[string]any{"name": "flash"})
	until(t, page, says("#last", "by its own clock|too late"))
}

// shootAll keeps pictures of a page: phone and desktop, light and dark.
func shootAll(t *testing.T, page context.Context, name string) {
	t.Helper()
	pause(t.Context(), 150*time.Millisecond)
	for scheme, dark := range map[string]bool{"light": false, "dark": true} {
		shoot(t, page, 390, 844, dark, name+"-phone-"+scheme+".png")
		shoot(t, page, 1280, 800, dark, name+"-desktop-"+scheme+".png")
	}
}

// TestDevicePageTroubles: what is wrong is said in words, with what to do.
func TestDevicePageTroubles(t *testing.T) {
	i := newInstance(t)
	flags := append(append([]chromedp.ExecAllocatorOption{}, fakeCamera[0]), chromedp.Flag("host-resolver-rules", "MAP plain.local 127.0.0.1"))
	browser := newChromium(t, flags...)
	defer browser.close()
	_, port, err := net.SplitHostPort(strings.TrimPrefix(i.url, "http://"))
	check(t, err)

	for _, session := range []string{"plain", "refused", "asked", "gone"} {
		leader(t, i, session)
	}

	plain := browser.tab(t, "http://plain.local:"+port+"/device?session=plain")
	until(t, plain, says("#camera-words", "unencrypted.*https")+` && document.querySelector('#use-camera').disabled`)
	shoot(t, plain, 390, 844, true, "device-plain.png")
	press(t, plain, "#no-camera")
	until(t, plain, says("#state", "ready|coarse")+` && `+says("#checks", "unencrypted"))

	refused := browser.tab(t, "about:blank")
	for _, what := range []string{"camera", "microphone"} {
		_, err := chromedp.Run(refused, call(cdpbrowser.SetPermission, cdpbrowser.SetPermissionParams{
			Permission: &cdpbrowser.PermissionDescriptor{Name: what}, Setting: cdpbrowser.PermissionSettingDenied, Origin: i.url,
		}))
		check(t, err)
	}
	check(t, chromedp.Do(refused, chromedp.Navigate(i.url+"/device?session=refused&camera=on&view=front")))
	until(t, refused, says("#state", "no camera")+` && `+says("#camera-message", "may not use the camera.*Allow"))
	shoot(t, refused, 390, 844, false, "device-refused.png")

	broken := browser.tab(t, "about:blank")
	_, err = chromedp.Run(broken, call(network.Enable, network.EnableParams{}))
	check(t, err)
	_, err = chromedp.Run(broken, call(network.SetBlockedURLs, network.SetBlockedURLsParams{
		URLPatterns: []*network.BlockPattern{{URLPattern: "*://*:*/app/device/device.js", Block: true}},
	}))
	check(t, err)
	check(t, chromedp.Do(broken, chromedp.Navigate(i.url+"/device?session=old")))
	until(t, broken, `document.querySelector('#old') && getComputedStyle(document.querySelector('#old')).visibility === 'visible'`)

	nameless := browser.tab(t, i.url+"/device#key=k")
	until(t, nameless, says("#state", "no session"))
	var asked bool
	evaluate(t, nameless, `(document.querySelector('#existing').value = 'asked', document.querySelector('#enter').requestSubmit(), true)`, &asked)
	lands(t, nameless, `location.search === '?session=asked' && location.hash === '#key=k' && !document.querySelector('#choose').hidden`)

	gone := browser.tab(t, i.url+"/device?session=gone&camera=none")
	until(t, gone, says("#state", "ready|coarse"))
	press(t, gone, "#leave")
	until(t, gone, says("#words", "This device left the session")+` && !document.querySelector('#rejoin').hidden && document.querySelector('#live').hidden`)
	press(t, gone, "#change")
	lands(t, gone, `!document.querySelector('#choose').hidden && !location.search.includes('camera')`)
}

// TestDevicePageInTheBackground says so when it is back.
func TestDevicePageInTheBackground(t *testing.T) {
	i := newInstance(t)
	leader(t, i, "away")
	browser := newChromium(t)
	defer browser.close()
	page := browser.tab(t, i.url+"/device?session=away&camera=none")
	until(t, page, says("#state", "ready|coarse"))
	window, err := chromedp.Run(page, call(cdpbrowser.GetWindowForTarget, cdpbrowser.GetWindowForTargetParams{}))
	check(t, err)
	state := func(s cdpbrowser.WindowState) {
		_, err = chromedp.Run(page, call(cdpbrowser.SetWindowBounds, cdpbrowser.SetWindowBoundsParams{WindowID: window.WindowID, Bounds: &cdpbrowser.Bounds{WindowState: s}}))
		check(t, err)
	}
	state("minimized")
	until(t, page, `document.visibilityState === 'hidden' && document.title.includes('front')`)
	pause(t.Context(), 1200*time.Millisecond)
	state("normal")
	until(t, page, says("#alerts", "was in the background"))
}
