package main

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/device"
)

// TestLinksWithKeys goes the way of a room in mode link: the operator's link
// creates a session, the session's link lets a phone's page and a program in, and
// nobody comes in without.
func TestLinksWithKeys(t *testing.T) {
	flags := accessFlags{Access: "link"}
	policy, adminKey, err := flags.policy(net.IPv4(127, 0, 0, 1), "", quiet())
	check(t, err)
	s, err := listen("127.0.0.1:0", 0)
	check(t, err)
	svc, err := newService(serviceConfig{udp: s.udp, tcp: s.tcp, access: policy, log: quiet()})
	check(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- svc.run(ctx, s.http) }()
	defer func() {
		stop()
		check(t, <-served)
	}()
	base := baseURL("http", "127.0.0.1", s.http.Addr().(*net.TCPAddr).Port)
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
	deviceCtx, leave := context.WithCancel(ctx)
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

// TestAccessFlags: the defaults, and what is refused.
func TestAccessFlags(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name  string
		flags accessFlags
		ip    net.IP
		want  access.Mode
	}{
		{"on loopback", accessFlags{}, net.IPv4(127, 0, 0, 1), access.Open},
		{"elsewhere", accessFlags{}, net.IPv4zero, access.Link},
		{"asked for", accessFlags{Access: "open"}, net.IPv4zero, access.Open},
		{"token without a key", accessFlags{Access: "token"}, net.IPv4zero, ""},
		{"token without the file", accessFlags{Access: "token", JWTKeyFile: filepath.Join(dir, "none")}, net.IPv4zero, ""},
		{"a short admin key", accessFlags{AdminKey: "short"}, net.IPv4zero, ""},
	} {
		p, key, err := c.flags.policy(c.ip, dir, quiet())
		if (err == nil) != (c.want != "") || err == nil && (p.Mode() != c.want || (key != "") != (c.want == access.Link)) {
			t.Errorf("%s: %v, key %q, %v", c.name, p, key, err)
		}
	}
	again := accessFlags{}
	_, first, err := again.policy(net.IPv4zero, dir, quiet())
	check(t, err)
	if _, second, err := again.policy(net.IPv4zero, dir, quiet()); err != nil || second != first {
		t.Errorf("kept %q, then %q, %v", first, second, err)
	}
	if _, err := (&accessFlags{TrustedProxy: []string{"10.0.0.0/8", "::1", "host"}}).proxies(); err == nil {
		t.Error("a proxy's name was taken")
	}
	for origin, good := range map[string]bool{"https://app.example": true, "https://app.example/": false, "app.example": false, "*": false} {
		if err := (&accessFlags{Origin: []string{origin}}).origins(); (err == nil) != good {
			t.Errorf("origin %s: %v", origin, err)
		}
	}
	var out bytes.Buffer
	(&serveCmd{}).greet(&out, []string{"http://192.0.2.1:8080"}, access.Link, first, &security{})
	if !strings.Contains(out.String(), "http://192.0.2.1:8080/#admin="+first) {
		t.Errorf("greeted with %s", out.String())
	}
}
