package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// roll is what a session has of its devices.
type roll struct {
	Session struct {
		Users []struct {
			ID, Username string
			IsLeader     bool
		}
		Devices []struct {
			DeviceID, UserID, DeviceType, ViewType string
			IsConnected, Records, Silenced         bool
		}
	}
}

// device is the one of a session that has a type.
func (s roll) device(t *testing.T) (id, userID string) {
	t.Helper()
	for _, d := range s.Session.Devices {
		if d.DeviceType != "" {
			if id != "" {
				t.Fatalf("further devices: %+v", s)
			}
			id, userID = d.DeviceID, d.UserID
		}
	}
	return id, userID
}

// TestBrowserIsOneUser: a console that is opened a second time, and the watch page, lead as the first;
// a device page that is closed and opened again is its device. Somebody else is somebody else.
func TestBrowserIsOneUser(t *testing.T) {
	i := newInstance(t)
	browser := newChromium(t)
	defer browser.close()
	console := browser.tab(t, i.url+"/")
	until(t, console, `!document.querySelector('#start').hidden`)
	press(t, console, "#create button")
	until(t, console, says("#lead-line", "You lead"))
	var id string
	evaluate(t, console, `new URLSearchParams(location.search).get('session')`, &id)
	second := browser.tab(t, i.url+"/?session="+id)
	until(t, second, says("#lead-line", "You lead")+` && !document.querySelector('#flash').disabled`)
	watch := browser.tab(t, i.url+"/watch?name=&session="+id)
	until(t, watch, `!document.querySelector('#lead').hidden`)
	other := browser.tab(t, i.url+"/?as=new&session="+id)
	until(t, other, says("#lead-line", "leads this session"))

	page := browser.tab(t, i.url+"/device?camera=none&view=front&session="+id)
	until(t, page, says("#state", "ready|coarse"))
	var first, again roll
	i.get("/api/sessions/"+id, &first)
	was, _ := first.device(t)
	check(t, chromedp.Cancel(page))
	page = browser.tab(t, i.url+"/device?camera=none&view=front&session="+id)
	until(t, page, says("#state", "ready|coarse"))
	i.get("/api/sessions/"+id, &again)
	if is, _ := again.device(t); is != was {
		t.Errorf("opened again, %s is %s", was, is)
	}
	if n := len(again.Session.Users); n != 3 {
		t.Errorf("%d users, not the leader, somebody else and the device: %+v", n, again)
	}

	i.kill()
	i.start()
	until(t, console, says("#lead-line", "You lead")+` && `+says("#state", "connected"))
	until(t, page, says("#state", "ready|coarse"))
	i.get("/api/sessions/"+id, &again)
	for _, u := range again.Session.Users {
		if u.IsLeader != strings.HasPrefix(u.Username, "Conductor") {
			t.Errorf("after a restart in memory %+v leads", u)
		}
	}
}

// TestBrowserBlocksStorage: where the browser blocks all site data, console, device page and watch page work.
func TestBrowserBlocksStorage(t *testing.T) {
	i := newInstance(t)
	profile := t.TempDir()
	check(t, os.MkdirAll(filepath.Join(profile, "Default"), 0o755))
	check(t, os.WriteFile(filepath.Join(profile, "Default", "Preferences"), []byte(`{"profile": {"default_content_setting_values": {"cookies": 2}}}`), 0o644))
	browser := newChromium(t, append(slices.Clone(fakeCamera), chromedp.UserDataDir(profile))...)
	defer browser.close()
	console := browser.tab(t, i.url+"/")
	var refused string
	evaluate(t, console, `(() => { try { return String(localStorage.length) } catch (e) { return e.name } })()`, &refused)
	if refused != "SecurityError" {
		t.Fatalf("the browser doesn't block storage: %s", refused)
	}
	until(t, console, `!document.querySelector('#start').hidden`)
	press(t, console, "#create button")
	until(t, console, says("#lead-line", "You lead")+` && document.querySelector('#alerts').children.length === 0`)
	var id string
	evaluate(t, console, `new URLSearchParams(location.search).get('session')`, &id)
	page := browser.tab(t, i.url+"/device?session="+id)
	until(t, page, `!document.querySelector('#choose').hidden`)
	press(t, page, "#use-camera")
	until(t, page, `document.querySelector('#try').videoWidth > 0`)
	press(t, page, "[data-view=front]")
	until(t, page, says("#state", "ready|coarse")+` && `+says("#name", "front"))
	until(t, browser.tab(t, i.url+"/watch?name=Ada&session="+id), says("#state", "nothing loaded"))
	press(t, console, "#flash")
	until(t, page, says("#last", "by its own clock|too late"))
}

// TestDevicePageRefused: a name that the server refuses is said, not kept, and asked for again; a session that
// isn't there is none, and another one can be named.
func TestDevicePageRefused(t *testing.T) {
	i := newInstance(t)
	ann := leader(t, i, "there")
	browser := newChromium(t)
	defer browser.close()
	page := browser.tab(t, i.url+"/device?session=nosuch&camera=none")
	until(t, page, says("#alerts", "There is no such session")+` && !document.querySelector('#enter').hidden && !document.querySelector('#change').hidden`)
	h := &hall{t: t, page: page}
	h.size(360, 800)
	checkPage(h, "a device without a session")
	shoot(t, page, 360, 800, false, "device-nosuch.png")
	if list := sessionsOf(i); list != "there" {
		t.Errorf("the sessions are %s", list)
	}
	var done bool
	evaluate(t, page, `(document.querySelector('#existing').value = 'there', document.querySelector('#enter').requestSubmit(), true)`, &done)
	lands(t, page, `location.search === '?session=there' && !document.querySelector('#choose').hidden`)
	evaluate(t, page, `(document.querySelector('#own-name').value = 'a\u202Eb', document.querySelector('#no-camera').click(), true)`, &done)
	until(t, page, `!document.querySelector('#choose').hidden && document.querySelector('#alerts').children.length === 1`)
	evaluate(t, page, `(document.querySelector('#own-name').value = '🏳️‍🌈'.repeat(70), document.querySelector('#own-name').dispatchEvent(new Event('change')), document.querySelector('[data-view=side]').click(), document.querySelector('#no-camera').click(), true)`, &done)
	until(t, page, says("#state", "ready|coarse")+` && document.querySelector('#name').textContent === 'side · ' + '🏳️‍🌈'.repeat(64)`)

	ann.must(t, "update_session", map[string]any{"name": "Étude"})
	var all roll
	i.get("/api/sessions/there", &all)
	id, user := all.device(t)
	ann.must(t, "update_user", map[string]any{"userId": user, "username": "Kim"})
	ann.must(t, "update_device", map[string]any{"deviceId": id, "viewType": "back", "silenced": true})
	until(t, page, says("#name", "^back · Kim$")+` && `+says("#of-session", "Étude")+` && `+says("#alerts", "silenced"))
	ann.must(t, "update_device", map[string]any{"deviceId": id, "silenced": false})
	until(t, page, `!/silenced/.test(document.querySelector('#alerts').textContent)`)
	check(t, chromedp.Do(page, chromedp.Reload()))
	until(t, page, says("#state", "ready|coarse")+` && `+says("#name", "^back · Kim$"))
	checkPage(h, "a device that acts")
	shoot(t, page, 360, 800, false, "device-joined.png")
	ann.must(t, "remove_device", map[string]any{"deviceId": id})
	until(t, page, says("#words", "removed this device")+` && !document.querySelector('#rejoin').hidden`)
	shoot(t, page, 360, 800, false, "device-removed.png")
	press(t, page, "#rejoin")
	lands(t, page, says("#state", "ready|coarse"))
	ann.must(t, "end_session", nil)
	until(t, page, says("#words", "The session has ended"))
}

func sessionsOf(i *instance) string {
	var list struct{ Sessions []struct{ SessionID string } }
	i.get("/api/sessions", &list)
	ids := []string{}
	for _, s := range list.Sessions {
		ids = append(ids, s.SessionID)
	}
	return strings.Join(ids, " ")
}
