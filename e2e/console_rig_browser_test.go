package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/server"
)

// hall is a real server that keeps recordings, with a console in a real
// Chromium and Go devices that record.
type hall struct {
	t         testing.TB
	rig       *lab.Rig
	url       string
	sessionID string
	key       string // of devices; empty: they need none
	browser   *chromium
	page      context.Context
	ctx       context.Context // of the devices
	devices   sync.WaitGroup
	half      chan bool // closed: the slow camera goes on with its upload
}

func newHall(t testing.TB) *hall {
	t.Helper()
	return newHallOf(t, hallSetup{})
}

// hallSetup is how a hall differs from the usual one.
type hallSetup struct {
	access  access.Config                   // who may in; default: anybody
	admin   bool                            // the console comes with the admin key
	wrap    func(http.Handler) http.Handler // around the server; nil: nothing
	browser []chromedp.ExecAllocatorOption
}

func newHallOf(t testing.TB, setup hallSetup) *hall {
	t.Helper()
	r := serving(t, server.Config{MaxLead: time.Second, MaxDevices: 100, Data: t.TempDir(), DiskReserve: -1, Access: setup.access}, setup.wrap)
	ctx, leave := context.WithCancel(context.Background())
	h := &hall{t: t, ctx: ctx, url: r.URL, rig: r}
	browser := newChromium(t, setup.browser...)
	t.Cleanup(func() {
		browser.close()
		leave()
		h.devices.Wait()
	})
	fragment := ""
	if setup.admin {
		fragment = "#admin=" + r.Server.AdminKey()
	}
	h.browser, h.page = browser, browser.tab(t, h.url+"/"+fragment)
	return h
}

// camera is a device that records what is no film, but as long as a small one.
type camera struct {
	*device.Device
	leave context.CancelFunc
	half  chan bool // if any: an upload goes on only when it is closed
}

const filmSize = 4_000_000

// add lets a device with a simulated clock join; its first frame is that much
// behind the instant, however late a busy machine woke it.
func (h *hall) add(view string, late time.Duration, half chan bool) *camera {
	h.t.Helper()
	random := rand.New(rand.NewPCG(uint64(late), 7))
	c := &camera{half: half}
	starts := make(chan device.Act, 8)
	c.Device = device.New(device.Config{
		URL: h.url, SessionID: h.sessionID, Key: h.key, Username: "Camera", ViewType: view, Now: lab.NewClock(time.Now(), random).Now,
		Act: func(a device.Act) { starts <- a },
	})
	ctx, leave := context.WithCancel(h.ctx)
	c.leave = leave
	h.devices.Go(func() { _ = c.Run(ctx) })
	h.devices.Go(func() { c.record(ctx, starts, late) })
	<-c.Connected()
	return c
}

// tell has a camera say how it is.
func (h *hall) tell(c *camera, status map[string]any) {
	h.t.Helper()
	_, err := c.Call(h.ctx, "device_status", status)
	check(h.t, err)
}

// record reports the frames of each take and uploads it.
func (c *camera) record(ctx context.Context, acts <-chan device.Act, late time.Duration) {
	recording := ""
	for {
		select {
		case <-ctx.Done():
			return
		case a := <-acts:
			event := map[string]string{"start_recording": "recording_started", "stop_recording": "recording_stopped"}[a.Event]
			if a.RecordingID != "" {
				recording = a.RecordingID
			}
			if event == "" || recording == "" {
				continue
			}
			_ = c.Report(ctx, event, map[string]any{"recordingId": recording, "timestamp": a.Timestamp.Add(late), "bound": ms(a.Bound)})
			if a.Event == "stop_recording" {
				_ = c.Upload(ctx, recording, "take.webm", "video/webm", c.film(ctx), filmSize)
			}
		}
	}
}

// film is what a camera uploads.
func (c *camera) film(ctx context.Context) io.ReadSeeker {
	film := bytes.NewReader(bytes.Repeat([]byte("frame"), filmSize/5))
	if c.half == nil {
		return film
	}
	return &halting{film, ctx, c.half}
}

// halting stops in the middle until it may go on.
type halting struct {
	*bytes.Reader
	ctx  context.Context
	half chan bool
}

func (r *halting) Read(p []byte) (int, error) {
	if r.Len() <= filmSize/2 {
		select {
		case <-r.half:
		case <-r.ctx.Done():
			return 0, r.ctx.Err()
		}
	}
	return r.Reader.Read(p)
}

// wait waits until a JavaScript expression is true.
func (h *hall) wait(what, js string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.page, 20*time.Second)
	defer cancel()
	wrapped := fmt.Sprintf(`new Promise(done => { const look = () => (%s) ? done(true) : setTimeout(look, 20); look() })`, js)
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](wrapped, chromedp.EvalAwaitPromise)); err != nil {
		h.shoot("console-failed.png")
		h.t.Fatalf("waiting for %s: %v", what, err)
	}
}

// press types keys to whatever has the focus.
func (h *hall) press(keys string) {
	h.t.Helper()
	check(h.t, chromedp.Do(h.page, chromedp.KeyEvent(keys)))
}

// fill takes the focus to a field and types a text in its place.
func (h *hall) fill(id, text string) {
	h.t.Helper()
	h.run(`document.getElementById('` + id + `').focus(), document.activeElement.select()`)
	h.press(text)
}

// focus takes the focus to an element, as Tab would.
func (h *hall) focus(selector string) {
	h.t.Helper()
	h.run(`document.querySelector(` + fmt.Sprintf("%q", selector) + `).focus()`)
}

// view goes to another of the console's views, as its link does.
func (h *hall) view(name string) {
	h.t.Helper()
	h.run(`document.getElementById('view-` + name + `').click()`)
}

// run evaluates an expression whose value doesn't matter.
func (h *hall) run(js string) {
	h.t.Helper()
	var ignored any
	evaluate(h.t, h.page, js, &ignored)
}

// text is what an element says.
func (h *hall) text(id string) (text string) {
	h.t.Helper()
	evaluate(h.t, h.page, `document.getElementById('`+id+`').textContent`, &text)
	return text
}

// size makes the page as large as a screen.
func (h *hall) size(width, height int64) {
	h.t.Helper()
	check(h.t, chromedp.Do(h.page, chromedp.EmulateViewport(width, height)))
	pause(h.page, 700*time.Millisecond) // pictures are drawn anew for another width
}

// scheme asks for light or dark.
func (h *hall) scheme(name string) {
	h.t.Helper()
	_, err := chromedp.Run(h.page, call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	}))
	check(h.t, err)
}

// shoot keeps a picture of the whole page.
func (h *hall) shoot(name string) {
	h.t.Helper()
	picture, err := chromedp.Run(h.page, chromedp.FullScreenshot(100))
	check(h.t, err)
	artefact(h.t, name, picture)
}
