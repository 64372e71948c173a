package e2e

import (
	"bytes"
	"image"
	"image/draw"
	_ "image/png"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/light"
)

// TestLightPage reads session time out of pictures of the light page in a real Chromium. A
// picture is taken between two readings of session time, and what it tells lies between them, to
// within what a screen may be late by.
func TestLightPage(t *testing.T) {
	h := newHall(t)
	h.wait("the start page", `document.activeElement.id === 'creator'`)
	h.press("Anna" + kb.Enter)
	h.wait("a session", `/session=/.test(location.search) && state.textContent === 'connected'`)
	var link string
	evaluate(t, h.page, `document.getElementById('light-link').href`, &link)
	page := h.browser.tab(t, link)
	until(t, page, `/Film this/.test(words.textContent)`)
	read := 0
	for range 12 {
		before := clock.SessionTime(time.Now().UnixNano()) // the server's session time, which begins with this machine's clock
		png, err := chromedp.Run(page, chromedp.CaptureScreenshot())
		check(t, err)
		after := clock.SessionTime(time.Now().UnixNano())
		picture, _, err := image.Decode(bytes.NewReader(png))
		check(t, err)
		grey := image.NewGray(picture.Bounds())
		draw.Draw(grey, grey.Rect, picture, picture.Bounds().Min, draw.Src)
		s := light.Read(light.Frame{Width: grey.Rect.Dx(), Height: grey.Rect.Dy(), Stride: grey.Stride, Luma: grey.Pix})
		if s.Verdict != "" || !s.HasGrid || s.Mirrored {
			t.Fatalf("the page's picture can't be read: %q %+v", s.Verdict, s)
		}
		told, ok := toldBy(s, before)
		if !ok {
			t.Fatalf("no bar is white: %v", s.Levels[0])
		}
		read++
		// One refresh ahead, and at a rate of 4 refreshes a second at the worst on a machine that is busy.
		if slack := 250 * time.Millisecond; told < before.Add(-slack) || told > after.Add(slack) {
			t.Errorf("the picture tells %v, taken between %v and %v", told.Millis(), before.Millis(), after.Millis())
		}
	}
	t.Logf("%d pictures read", read)
}

// toldBy is the session time of the refresh that a still picture shows, next to near.
func toldBy(s light.Sighting, near clock.SessionTime) (clock.SessionTime, bool) {
	pageOf := light.PageOf(near)
	for page := pageOf - 4; page <= pageOf+4; page++ {
		for index := range 200 {
			r := light.Refresh{Page: page, Grid: s.Grid, Index: index}
			if r.Slot() == s.Slot && s.Levels[0][r.Picture().Bar] > 0.8 && r.Time() < clock.SessionTime(page+1)*clock.SessionTime(light.Page) {
				return r.Time(), true
			}
		}
	}
	return 0, false
}
