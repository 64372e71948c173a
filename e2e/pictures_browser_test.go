package e2e

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/png"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestPictures makes the README's pictures from the real pages in a real Chromium:
// `make pictures`.
func TestPictures(t *testing.T) {
	dir := os.Getenv("DOWNBEAT_PICTURES")
	if dir == "" {
		t.Skip("DOWNBEAT_PICTURES isn't set: make pictures")
	}
	h := newHallOf(t, hallSetup{browser: fakeCamera, wrap: framed})
	h.size(1280, 1000)
	h.wait("the start page", `document.activeElement.id === 'creator'`)
	h.fill("creating", "Studio")
	h.fill("creator", "Anna"+kb.Enter)
	h.wait("a session", `/session=/.test(location.search) && state.textContent === 'connected'`)
	evaluate(t, h.page, `new URLSearchParams(location.search).get('session')`, &h.sessionID)
	t.Run("console", func(t *testing.T) { pictureConsole(h, filepath.Join(dir, "console.png")) })
	t.Run("flash", func(t *testing.T) { pictureFlash(h, filepath.Join(dir, "flash.gif")) })
}

// framed lets the product's pages be shown side by side, which they forbid to others.
func framed(product http.Handler) http.Handler {
	var own entrance
	served := own.wrap(product)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { served.ServeHTTP(frameable{w}, r) })
}

// frameable takes out what forbids to show a page in a frame.
type frameable struct{ http.ResponseWriter }

func (f frameable) WriteHeader(status int) {
	h := f.Header()
	h.Set("Content-Security-Policy", strings.ReplaceAll(h.Get("Content-Security-Policy"), "frame-ancestors 'none'", "frame-ancestors 'self'"))
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	f.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController, and so for the WebSocket.
func (f frameable) Unwrap() http.ResponseWriter { return f.ResponseWriter }

// pictureConsole is the console with three cameras and a finished take.
func pictureConsole(h *hall, file string) {
	for _, view := range []string{"Front", "Left", "Right"} {
		tab := h.browser.tab(h.t, fmt.Sprintf("%s/device?session=%s&camera=on&as=new&name=%s+camera&view=%s", h.url, h.sessionID, view, view))
		h.t.Cleanup(func() { _ = chromedp.Cancel(tab) })
	}
	h.wait("three cameras", `/All 3 cameras are ready/.test(document.body.innerText)`)
	h.fill("take-label", "Scene 4, take 1")
	h.fill("take-duration", "3")
	h.focus("#record")
	h.press("r")
	h.wait("the recording", `record.dataset.phase === 'recording'`)
	h.wait("the uploads", `/all 3 uploaded/.test(takes.textContent)`)
	h.wait("stills, and nothing to warn of", `document.querySelectorAll('.card img').length === 3 && !/warning/.test(document.getElementById('ready-words').textContent)`)
	keepPicture(h, file)
}

func keepPicture(h *hall, file string) {
	picture, err := chromedp.Run(h.page, chromedp.CaptureScreenshot())
	check(h.t, err)
	check(h.t, os.WriteFile(file, picture, 0o644))
}

// pictureFlash is four device pages that flash together.
func pictureFlash(h *hall, file string) {
	tab := h.browser.tab(h.t, h.url+"/test/together.html?session="+h.sessionID)
	check(h.t, chromedp.Do(tab, chromedp.EmulateViewport(800, 270)))
	until(h.t.(*testing.T), tab, `ready() === 4`)
	cast := newScreencast(h.t, tab)
	pause(tab, 300*time.Millisecond)
	h.run(`fetch('/api/sessions/` + h.sessionID + `/commands', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"name":"flash"}' })`)
	pause(tab, 2*time.Second)
	frames := thinned(cast.end(), 60*time.Millisecond)
	if len(frames) < 5 {
		h.t.Fatalf("only %d frames", len(frames))
	}
	check(h.t, os.WriteFile(file, animated(h.t, frames), 0o644))
}

// screencast collects what a tab shows.
type screencast struct {
	t      testing.TB
	tab    context.Context
	mu     sync.Mutex
	frames []frameShown
}

type frameShown struct {
	at      time.Time
	picture []byte
}

func newScreencast(t testing.TB, tab context.Context) *screencast {
	t.Helper()
	s := &screencast{t: t, tab: tab}
	check(t, chromedp.Listen(tab, func(event any) {
		if e, ok := event.(*page.EventScreencastFrame); ok {
			s.mu.Lock()
			s.frames = append(s.frames, frameShown{time.Now(), []byte(e.Data)})
			s.mu.Unlock()
			go func() {
				_, _ = chromedp.Run(tab, call(page.ScreencastFrameAck, page.ScreencastFrameAckParams{SessionID: e.SessionID}))
			}()
		}
	}))
	_, err := chromedp.Run(tab, call(page.StartScreencast, page.StartScreencastParams{Format: page.StartScreencastFormatPng}))
	check(t, err)
	return s
}

func (s *screencast) end() []frameShown {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.frames
}

// thinned leaves out what is shown for less than `apart`; the last is kept.
func thinned(frames []frameShown, apart time.Duration) (kept []frameShown) {
	for i, f := range frames {
		if len(kept) == 0 || f.at.Sub(kept[len(kept)-1].at) >= apart || i == len(frames)-1 {
			kept = append(kept, f)
		}
	}
	return kept
}

// frequent are the 256 colours that a picture has most of.
func frequent(picture image.Image) color.Palette {
	count := map[color.RGBA]int{}
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			count[color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)]++
		}
	}
	all := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int { return count[b] - count[a] })
	var most color.Palette
	for _, c := range all[:min(len(all), 256)] {
		most = append(most, c)
	}
	return most
}

// animated is a GIF that goes round, each frame shown as long as it was.
func animated(t testing.TB, frames []frameShown) []byte {
	t.Helper()
	var all gif.GIF
	for i, f := range frames {
		picture, err := png.Decode(bytes.NewReader(f.picture))
		check(t, err)
		frame := image.NewPaletted(picture.Bounds(), frequent(picture))
		draw.Draw(frame, frame.Bounds(), picture, image.Point{}, draw.Src)
		shown := time.Second
		if i+1 < len(frames) {
			shown = frames[i+1].at.Sub(f.at)
		}
		all.Image = append(all.Image, frame)
		all.Delay = append(all.Delay, int(max(shown/(10*time.Millisecond), 2)))
	}
	var out bytes.Buffer
	check(t, gif.EncodeAll(&out, &all))
	return out.Bytes()
}
