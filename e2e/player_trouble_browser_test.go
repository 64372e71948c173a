package e2e

import (
	"bytes"
	"context"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// elsewhere is another server, which sends media without a word about who may use it.
func elsewhere(t testing.TB) (url string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/film.webm" {
			http.NotFound(w, r)
			return
		}
		body, err := testdata.ReadFile("testdata/player.webm")
		check(t, err)
		http.ServeContent(w, r, "film.webm", time.Time{}, bytes.NewReader(body))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestPlayerSaysWhatIsWrong: media that can't be played, then one that can.
func TestPlayerSaysWhatIsWrong(t *testing.T) {
	c := newCinema(t, "a")
	defer c.close()
	for _, medium := range []struct{ url, code string }{
		{"/test/missing.webm", "not_found"},
		{"/test/page.js", "unsupported"},
		{"ftp://example.com/film.webm", "bad_url"},
		{elsewhere(t) + "/missing.webm", "unloadable"},
		{"/test/film.mpd", "unsupported"},
	} {
		c.lead(`page.load("` + medium.url + `")`)
		c.wait(c.players[0], medium.url, `page.player.trouble?.code === "`+medium.code+`" && page.player.state === 'failed'`)
	}
	c.lead(`page.load("` + film + `")`)
	c.wait(c.players[0], "a film that is there", `page.player.state === 'paused' && page.player.trouble === null`)
}

// stalling delays all that lies behind a byte until it is let go.
type stalling struct {
	io.ReadSeeker
	from   int64
	letGo  <-chan struct{}
	offset int64
}

func (s *stalling) Seek(offset int64, whence int) (int64, error) {
	n, err := s.ReadSeeker.Seek(offset, whence)
	s.offset = n
	return n, err
}

func (s *stalling) Read(p []byte) (int, error) {
	if s.offset < s.from {
		p = p[:min(int64(len(p)), s.from-s.offset)]
	} else if s.offset < s.from+100_000 { // the index at the end must come
		<-s.letGo
	}
	n, err := s.ReadSeeker.Read(p)
	s.offset += int64(n)
	return n, err
}

// TestPlayerCatchesUpAfterStall: the network stands still for some seconds; the
// timeline goes on meanwhile, and the player is where it is soon after.
func TestPlayerCatchesUpAfterStall(t *testing.T) {
	waiting, letGo := context.WithTimeout(t.Context(), 40*time.Second)
	defer letGo()
	body, err := testdata.ReadFile("testdata/player.webm")
	check(t, err)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		http.ServeContent(w, r, "film.webm", time.Time{}, &stalling{ReadSeeker: bytes.NewReader(body), from: 131_072, letGo: waiting.Done()})
	}))
	defer func() { letGo(); s.Close() }()
	c := newCinema(t, "a")
	defer c.close()
	c.lead(`page.load("` + s.URL + `/film.webm")`)
	c.everybody(`page.player.state === 'paused'`)
	c.sync(`{isPlaying: true, position: 24}`)
	c.everybody(`page.player.state === 'buffering'`)
	pause(t.Context(), 3*time.Second)
	c.everybody(`page.session.timeline.position(page.session.now()) > 34`)
	letGo()
	c.everybody(`page.player.state === 'playing' && Math.abs(page.player.drift) < 60`)
	got := c.seen(c.players[0])
	if got.Seeks > seeksAllowed || got.Position < 34 {
		t.Errorf("%+v", got)
	}
	t.Logf("%+v", got)
	devices, err := c.rig.Server.Sessions().Sync(t.Context(), stageSession)
	check(t, err)
	if len(devices) != 1 || devices[0].Desync == nil || devices[0].Desync.MaxMs < 250 {
		t.Errorf("what the server heard of the desync: %+v", devices)
	}
}

// TestPlayersFollowHastyLeader: many changes within a second, one that is called
// off, the end of the medium, another medium in the middle.
func TestPlayersFollowHastyLeader(t *testing.T) {
	c := newCinema(t, "a", "b")
	defer c.close()
	c.lead(`page.load("` + film + `")`)
	c.everybody(`page.player.state === 'paused'`)
	c.lead(`(async () => {
		for (let i = 0; i < 12; i++) {
			await page.sync({ isPlaying: i % 3 !== 2, position: (i * 17) % 50, playbackRate: i % 2 ? 1 : 1.25 })
			await new Promise(r => setTimeout(r, 60))
		}
		await page.sync({ isPlaying: true, position: 20, playbackRate: 1 })
	})()`)
	c.everybody(`page.player.state === 'playing' && Math.abs(page.player.drift) < 40 && page.session.timeline.next(page.session.now()) === null`)
	c.sync(`{isPlaying: false}`)
	c.everybody(`page.player.state === 'paused'`)
	stood := c.seen(c.players[0]).Position
	c.lead(`page.sync({ isPlaying: true, position: 2 }).then(({ commandId }) => page.session.cancel(commandId))`)
	pause(t.Context(), 500*time.Millisecond)
	c.everybody(`page.player.state === 'paused' && page.video.paused`)
	for _, p := range c.players {
		if s := c.seen(p); math.Abs(s.Position-stood) > 0.001 {
			t.Errorf("after a change that was called off at %v, not at %v: %+v", s.Position, stood, s)
		}
	}
	c.sync(`{isPlaying: true, position: 64.5}`)
	c.everybody(`page.player.state === 'ended' && page.video.paused && Math.abs(page.video.currentTime - page.video.duration) < 0.05`)
	c.sync(`{isPlaying: true, position: 30}`)
	c.everybody(`page.player.state === 'playing' && Math.abs(page.player.drift) < 40`)
	c.lead(`page.load("` + film + `?other")`)
	c.everybody(`page.player.state === 'paused' && page.video.currentTime === 0 && page.video.src.endsWith('?other')`)
	for _, p := range c.players {
		if s := c.seen(p); s.Seeks > seeksAllowed {
			t.Errorf("%+v", s)
		}
	}
}
