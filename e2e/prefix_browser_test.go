package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/server"
)

// nginx proxies paths of one host to servers, by location: what stands before
// the slash of a server's address decides whether the path is taken off.
func nginx(t *testing.T, locations map[string]string) (base string) {
	t.Helper()
	var b strings.Builder
	for path, to := range locations {
		fmt.Fprintf(&b, `location %s {
			proxy_pass %s;
			proxy_http_version 1.1;
			proxy_set_header Host $http_host;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection $connection_upgrade;
			proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
			proxy_set_header X-Forwarded-Prefix %s;
			proxy_request_buffering off;
			client_max_body_size 0;
		}
		`, path, to, strings.TrimSuffix(path, "/"))
	}
	addr := freeAddr(t)
	runNginx(t, addr, fmt.Sprintf(`map $http_upgrade $connection_upgrade { default upgrade; '' close; }
		server { listen %s; %s }`, addr, b.String()))
	return "http://" + addr
}

// TestBrowserBelowAPath: behind a real nginx that serves it below a path, everything works: console,
// links, device page, flash, take, upload, download by a signed link, watch page.
func TestBrowserBelowAPath(t *testing.T) {
	key := access.NewKey()
	rig := serving(t, server.Config{
		Access: access.Config{Mode: access.Link, AdminKey: key}, Data: t.TempDir(), DiskReserve: -1, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
	}, nil)
	base := nginx(t, map[string]string{"/beat/": rig.URL + "/"}) + "/beat/"
	browser := newChromium(t, fakeCamera...)
	defer browser.close()

	console := browser.tab(t, base+"#admin="+key)
	until(t, console, `!document.querySelector('#start').hidden && /No session yet/.test(document.querySelector('#sessions-note').textContent)`)
	press(t, console, "#create button")
	until(t, console, says("#state", "connected")+` && /key=/.test(document.querySelector('#link').href)`)
	var links []string
	evaluate(t, console, `[document.querySelector('#link').href, document.querySelector('#watch-link').href, document.querySelector('#qr').src]`, &links)
	if !strings.HasPrefix(links[0], base+"device?session=") || !strings.HasPrefix(links[1], base+"watch?session=") || !strings.HasPrefix(links[2], "data:image/svg") {
		t.Fatalf("links %q", links)
	}
	page := browser.tab(t, strings.Replace(links[0], "#", "&camera=on&view=front#", 1))
	until(t, page, says("#state", "ready"))
	watch := browser.tab(t, strings.Replace(links[1], "#", "&name=Ben#", 1))
	until(t, watch, says("#state", "."))
	until(t, watch, `/Leads/.test(document.body.innerText) && !document.querySelector('#here').hidden`)

	press(t, console, "#flash")
	until(t, page, says("#last", "by its own clock"))
	evaluate(t, console, `(async () => {
		document.querySelector('#take-duration').value = '1'
		document.querySelector('#take-countdown').value = '0'
		document.querySelector('#record').click()
		if (document.querySelector('#ask').open) document.querySelector('#ask-yes').click() // its clock settles still
	})()`, new(any))
	until(t, console, `[...document.querySelectorAll('a[href*="/file"]')].length > 0`)
	var uploaded string
	evaluate(t, console, `fetch(document.querySelector('a[href*="/file"]').href).then(r => r.status + ' ' + new URL(r.url).pathname.split('/')[1])`, &uploaded)
	if uploaded != "200 beat" {
		t.Errorf("the recording's link: %s", uploaded)
	}
	until(t, page, says("#kept", "Everything is on the server"))
}

// TestBelowAPathUntouched: with --base-path a proxy may leave the path as it is, and a
// program's device records and uploads there.
func TestBelowAPathUntouched(t *testing.T) {
	rig := serving(t, server.Config{Prefix: "/beat", Data: t.TempDir(), DiskReserve: -1}, nil)
	base := nginx(t, map[string]string{"/beat": rig.URL}) + "/beat"
	ctx, leave := context.WithCancel(t.Context())
	starts := make(chan device.Act, 1)
	d := device.New(device.Config{URL: base, SessionID: "studio", Create: true, Act: func(a device.Act) {
		if a.Event == "start_recording" {
			starts <- a
		}
	}})
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	select {
	case <-d.Connected():
	case err := <-ended:
		t.Fatal("the device ended: ", err)
	}
	_, err := d.Call(ctx, "start_recording", map[string]any{"duration": 20})
	check(t, err)
	start := <-starts
	eventually(t, "the take to be over", func() bool {
		all, err := rig.Server.Sessions().Recordings(ctx, "studio")
		return err == nil && len(all) == 1 && all[0].UploadStatus == "pending"
	})
	check(t, d.Upload(ctx, start.RecordingID, "a.webm", "video/webm", strings.NewReader("film"), 4))
	leave()
	<-ended
	var list struct{ Recordings []struct{ FileURL string } }
	(&instance{t: t, url: base}).get("/api/sessions/studio/recordings", &list)
	if len(list.Recordings) != 1 || !strings.HasPrefix(list.Recordings[0].FileURL, "/beat/api/sessions/studio/") {
		t.Errorf("listed %+v", list)
	}
	res, err := http.Get(base)
	check(t, err)
	_ = res.Body.Close()
	if res.StatusCode != 200 || !strings.HasSuffix(res.Request.URL.Path, "/beat/") {
		t.Errorf("without its slash: %s at %s", res.Status, res.Request.URL)
	}
}

// TestBrowserStrangers: a page of an origin that the server doesn't know is told so by join, which goes on
// trying while the server is only away, and gives up when it is told to.
func TestBrowserStrangers(t *testing.T) {
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>a stranger</title>"))
	}))
	defer pages.Close()
	rig := serving(t, server.Config{}, nil)
	browser := newChromium(t)
	defer browser.close()
	page := browser.tab(t, pages.URL)
	join := func(options string) (said string) {
		evaluate(t, page, `import('`+rig.URL+`/downbeat.js').then(m => m.join({ url: '`+rig.URL+`', sessionId: 'stage', `+options+` })).then(() => 'joined', e => e.code + ': ' + e.message)`, &said)
		return said
	}
	if said := join(""); !strings.HasPrefix(said, "bad_origin") || !strings.Contains(said, "--origin "+pages.URL) {
		t.Errorf("a stranger's join: %s", said)
	}
	away := "http://" + freeAddr(t)
	from := time.Now()
	if said := join("timeout: 1500, url: '" + away + "'"); !strings.HasPrefix(said, "timeout") || time.Since(from) < time.Second {
		t.Errorf("a server that is away, after %v: %s", time.Since(from), said)
	}
	if said := join("signal: AbortSignal.timeout(300), url: '" + away + "'"); !strings.Contains(said, "timed out") {
		t.Errorf("given up: %s", said)
	}
}
