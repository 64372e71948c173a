package e2e

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/server"
)

// TestLinksWithKeys goes the way of a room in mode link: the operator's link
// creates a session, the session's link lets a phone's page and a program in, and
// nobody comes in without.
func TestLinksWithKeys(t *testing.T) {
	r := serving(t, server.Config{Access: access.Config{Mode: access.Link}}, nil)
	base, adminKey := r.URL, r.Server.AdminKey()
	browser := newChromium(t)
	defer browser.close()

	var link, address string
	console := browser.tab(t, base+"/#admin="+adminKey)
	evaluate(t, console, `new Promise(done => {
		document.querySelector('#create').requestSubmit()
		const link = document.querySelector('#link'), look = () => link.href.includes('#key=') ? done(link.href) : setTimeout(look, 20)
		look()
	})`, &link)
	evaluate(t, console, `location.href`, &address)
	if strings.Contains(address, adminKey) || !strings.HasPrefix(link, base+"/device?session=") || strings.Contains(link, adminKey) {
		t.Errorf("the console is at %s and tells of %s", address, link)
	}
	const state = `new Promise(done => {
		const look = () => /ready|coarse|not joined/.test(document.querySelector('#state').textContent) ?
			done(document.querySelector('#state').textContent) : setTimeout(look, 20)
		look()
	})`
	var got string
	bare, fragment, _ := strings.Cut(link, "#")
	bare += "&camera=none" // the page asks otherwise
	page := browser.tab(t, bare+"#"+fragment)
	if evaluate(t, page, state, &got); got == "not joined" {
		t.Error("the page with the key isn't in the session")
	}
	stranger := browser.tab(t, bare)
	if evaluate(t, stranger, state, &got); got != "not joined" {
		t.Errorf("the page without the key is %s", got)
	}
	watch := strings.Replace(bare, "/device?", "/watch?", 1) + "&name=Ada&as=new" // not the creator, whose browser it is
	viewer{t, browser.tab(t, watch)}.await(`$('state').textContent === 'not joined' && /lacks its key/.test($('words').textContent)`)
	viewer{t, browser.tab(t, watch+"#"+fragment)}.await(`$('state').textContent === 'nothing loaded'`)

	viewer{t, browser.tab(t, base+"/")}.await(`/needs the admin key/.test($('sessions-note').textContent)`)
	viewer{t, browser.tab(t, strings.Replace(bare, "/device?", "/?", 1)+"&as=new")}.await(`$('state').textContent === 'not joined' && /lacks its key/.test($('alerts').textContent)`)
	viewer{t, console}.await(`/[/]watch[?].*#key=[A-Z0-9]+$/.test($('watch-link').href) && !$('watch-link').href.endsWith('#` + fragment + `')`) // a key of its own

	u, err := url.Parse(bare)
	check(t, err)
	key, err := url.ParseQuery(fragment)
	check(t, err)
	acts := make(chan device.Act, 16)
	d := device.New(device.Config{
		URL: base, SessionID: u.Query().Get("session"), Key: key.Get("key"), Act: func(a device.Act) { acts <- a },
	})
	ended := make(chan error, 1)
	deviceCtx, leave := context.WithCancel(t.Context())
	go func() { ended <- d.Run(deviceCtx) }()
	select {
	case <-d.Joined():
	case err := <-ended:
		t.Fatal(err)
	}
	var pressed bool
	evaluate(t, console, `new Promise(done => {
		const flash = document.querySelector('#flash'), look = () => flash.disabled ? setTimeout(look, 20) : (flash.click(), done(true))
		look()
	})`, &pressed)
	select {
	case a := <-acts:
		if a.Name != "flash" {
			t.Errorf("acted on %+v", a)
		}
	case <-time.After(20 * time.Second):
		t.Error("the device didn't act")
	}
	leave()
	check(t, <-ended)
}
