package e2e

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/lab"
)

// source is another server that sends the film by what a test sets.
func source(t testing.TB, serve func(w http.ResponseWriter, r *http.Request, film *bytes.Reader)) (url string) {
	t.Helper()
	body, err := testdata.ReadFile("testdata/player.webm")
	check(t, err)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		w.Header().Set("Content-Type", "video/webm")
		serve(w, r, bytes.NewReader(body))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestPlayerWithoutRanges: a server without ranges. A seek of the leader's can't be
// followed, and each try would begin at 0: the player plays on from where it is, and says
// what is the matter.
func TestPlayerWithoutRanges(t *testing.T) {
	url := source(t, func(w http.ResponseWriter, _ *http.Request, film *bytes.Reader) {
		w.Header().Set("Content-Length", fmt.Sprint(film.Len()))
		_, _ = io.Copy(w, film)
	})
	c := newCinema(t, "a")
	defer c.close()
	c.lead(`page.load("` + url + `/film.webm")`)
	c.everybody(`page.player.state === 'paused'`)
	c.sync(`{isPlaying: true}`)
	c.everybody(`page.player.state === 'playing' && Math.abs(page.player.drift) < 40 && page.player.trouble === null`)
	c.sync(`{isPlaying: true, position: 45}`)
	c.everybody(`page.player.trouble?.code === 'no_ranges' && page.player.drift < -5000`)
	before := c.seen(c.players[0])
	pause(t.Context(), 4*time.Second)
	got := c.seen(c.players[0])
	if got.Position < before.Position+3.5 || got.Seeks > 0 || slices.Contains(got.Troubles, "behind") || got.Rate < 1.05 {
		t.Errorf("before %+v, then %+v", before, got)
	}
	c.sync(`{isPlaying: true, position: 0}`)
	// The beginning can be gone to; what was missed until then is caught up with.
	c.everybody(`page.player.state === 'playing' && page.video.currentTime < 10 && Math.abs(page.player.drift) < 5000`)
	late := c.seen(c.players[0])
	pause(t.Context(), 4*time.Second)
	if s := c.seen(c.players[0]); s.Seeks > 0 || s.Drift < -150 && s.Drift < late.Drift+150 {
		t.Errorf("from the beginning %+v, then %+v", late, s)
	}
	devices, err := c.rig.Server.Sessions().Sync(t.Context(), stageSession)
	check(t, err)
	if m := devices[0].Status.Media; m == nil || m.State != "playing" {
		t.Errorf("the server knows %+v", m)
	}
}

// TestPlayerOfALiveStream: no length, no ranges. It plays as it arrives, and nobody
// tries to bring it anywhere.
func TestPlayerOfALiveStream(t *testing.T) {
	url := source(t, func(w http.ResponseWriter, r *http.Request, film *bytes.Reader) {
		whole, err := io.ReadAll(film)
		check(t, err)
		// Its length is taken for padding: 0x4489 is Duration of 8 bytes, 0xEC Void of 9.
		film = bytes.NewReader(bytes.Replace(whole, []byte{0x44, 0x89, 0x88}, []byte{0xEC, 0x89, 0x88}, 1))
		for {
			if _, err := io.CopyN(w, film, 16<<10); err != nil { // it never ends
				<-r.Context().Done()
				return
			}
			w.(http.Flusher).Flush()
			if !pause(r.Context(), 20*time.Millisecond) {
				return
			}
		}
	})
	c := newCinema(t, "a")
	defer c.close()
	c.lead(`page.load("` + url + `/film.webm")`)
	c.everybody(`page.player.state === 'paused'`)
	var duration string
	evaluate(t, c.players[0], `String(page.video.duration)`, &duration)
	c.sync(`{isPlaying: true, position: 40}`)
	c.everybody(`page.video.currentTime > 1`)
	got := c.seen(c.players[0])
	t.Logf("duration %s: %+v", duration, got)
	if duration != "Infinity" || got.Seeks > 0 || got.Rate != 1 || !slices.Equal(got.Troubles, []string{"live"}) {
		t.Errorf("%+v", got)
	}
}

// TestPlayersLoop: the film's last second and a half again and again: two players stay together
// across the seam, without a correcting seek, and stop where the session does.
func TestPlayersLoop(t *testing.T) {
	c := newCinema(t, "a", "b")
	defer c.close()
	c.lead(`page.session.loadMedia({ mediaUrl: "` + film + `", loop: true })`)
	c.everybody(`page.player.state === 'paused' && page.session.timeline.info.duration > 60`)
	var length float64
	evaluate(t, c.players[0], `page.session.timeline.info.duration`, &length)
	c.sync(fmt.Sprintf(`{isPlaying: true, position: %v}`, length-2.5))
	c.everybody(`page.video.currentTime > 0.5 && page.video.currentTime < 30 && page.player.state === 'playing' && Math.abs(page.player.drift) < 40`)
	from := c.now()
	pause(t.Context(), time.Second)
	to := c.now()
	for _, p := range c.players {
		if s := c.seen(p); s.Seeks > 1 {
			t.Errorf("%+v", s)
		}
	}
	c.lead(`page.session.playbackOptions({ loop: false })`)
	c.sync(fmt.Sprintf(`{isPlaying: true, position: %v}`, length-1))
	c.everybody(`page.player.state === 'ended' && page.video.paused && !page.session.timeline.at(page.session.now()).isPlaying`)
	c.lead(`page.session.play()`)
	c.everybody(`page.player.state === 'playing' && page.video.currentTime < 10`)
	places := c.places()
	ms := apart(places["a"], places["b"], from, to)
	t.Logf("after the seam: %d readings, p50 %.1f ms", len(ms), lab.Quantile(ms, .5))
	if len(ms) < 5 || lab.Quantile(ms, .5) > 200 {
		t.Errorf("after the seam: %d readings, apart by %.1f ms", len(ms), lab.Quantile(ms, .5))
	}
}

// TestPlayersWaitForEverybody: one of two players gets no more film; both stand still until
// it does, and go on together.
func TestPlayersWaitForEverybody(t *testing.T) {
	letGo := make(chan struct{})
	url := source(t, func(w http.ResponseWriter, r *http.Request, film *bytes.Reader) {
		content := io.ReadSeeker(film)
		if strings.Contains(r.Referer(), "localhost") {
			content = &stalling{ReadSeeker: film, from: 131_072, letGo: letGo}
		}
		http.ServeContent(w, r, "film.webm", time.Time{}, content)
	})
	c := newCinema(t, "a")
	defer c.close()
	slow := c.joinAt(strings.Replace(c.rig.URL, "127.0.0.1", "localhost", 1), "slow", "")
	film := url + "/film.webm"
	c.lead(`page.session.playbackOptions({ waitForAll: true, waitLimitMs: 60000 })`)
	c.lead(`page.load("` + film + `")`)
	c.everybody(`page.player.state === 'paused'`)
	c.sync(`{isPlaying: true, position: 24}`)
	c.everybody(`page.session.timeline.info.waitingFor.length === 1 && page.player.state === 'paused' && page.video.paused && !page.session.timeline.at(page.session.now()).isPlaying`)
	stood := c.seen(c.players[0]).Position
	pause(t.Context(), time.Second)
	if s := c.seen(c.players[0]); math.Abs(s.Position-stood) > 0.001 || s.State != "paused" {
		t.Errorf("it didn't wait: %+v, before at %v", s, stood)
	}
	close(letGo)
	c.everybody(`page.player.state === 'playing' && Math.abs(page.player.drift) < 60 && page.session.timeline.info.waitingFor.length === 0`)
	if s := c.seen(slow); s.Position > stood+10 {
		t.Errorf("it missed something: %+v", s)
	}
}
