package e2e

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/lab"
)

// cinema is a stage whose pages have players.
type cinema struct {
	*stage
	players []context.Context
}

const film = "/test/player.webm"

// seeksAllowed is how many correcting seeks a player may make on a machine that
// is busy with other things; one that seeks for ever makes more.
const seeksAllowed = 6

// newCinema opens a page with a player for each name; the first one leads.
func newCinema(t testing.TB, names ...string) *cinema {
	t.Helper()
	c := &cinema{stage: newStage(t, false)}
	for _, name := range names {
		c.join(name, "")
	}
	return c
}

// join opens one more page and waits until it knows session time.
func (c *cinema) join(name, query string) context.Context {
	c.t.Helper()
	return c.joinAt(c.rig.URL, name, query)
}

// joinAt is join by another of the server's names.
func (c *cinema) joinAt(url, name, query string) context.Context {
	c.t.Helper()
	p := c.browser.tab(c.t, url+"/test/player.html?session="+stageSession+"&name="+name+"&"+query)
	var ok bool
	evaluate(c.t, p, `new Promise(done => { const look = () => globalThis.page ? done(page.synced()) : setTimeout(look, 10); look() })`, &ok)
	c.players = append(c.players, p)
	return p
}

// lead has the leader's page run JavaScript and wait for it.
func (c *cinema) lead(js string) {
	c.t.Helper()
	var answer any
	evaluate(c.t, c.players[0], js, &answer)
}

// planned is a change of the timeline.
type planned struct {
	CommandID string            `json:"commandId"`
	Timestamp clock.SessionTime `json:"timestamp"`
}

// sync has the leader change the timeline.
func (c *cinema) sync(data string) (p planned) {
	c.t.Helper()
	evaluate(c.t, c.players[0], "page.sync("+data+")", &p)
	return p
}

// everybody waits until a condition on `page` holds in each page.
func (c *cinema) everybody(js string) {
	c.t.Helper()
	for i, p := range c.players {
		c.wait(p, fmt.Sprintf("player %d: %s", i, js), js)
	}
}

func (c *cinema) wait(p context.Context, what, js string) {
	c.t.Helper()
	var ok bool
	evaluate(c.t, p, `Promise.race([page.until(() => `+js+`), new Promise(r => setTimeout(r, 30000, false))])`, &ok)
	if !ok {
		c.t.Fatalf("waited in vain for %s: %+v", what, c.seen(p))
	}
}

// seen is what a page tells of its player.
type seen struct {
	State    string   `json:"state"`
	Drift    float64  `json:"drift"` // ms; 0 while it doesn't play
	Position float64  `json:"position"`
	Seeks    int      `json:"seeks"`
	Paused   bool     `json:"paused"`
	Rate     float64  `json:"rate"`
	Troubles []string `json:"troubles"`
	States   []string `json:"states"`
}

func (c *cinema) seen(p context.Context) (s seen) {
	c.t.Helper()
	evaluate(c.t, p, "page.seen()", &s)
	return s
}

// place is where a player's medium truly was.
type place struct {
	at       clock.SessionTime
	position float64 // s
	drift    float64 // ms, as the player believes
	state    string
}

// places are what the players marked, by their names, on the machine's clock.
func (c *cinema) places() map[string][]place {
	c.t.Helper()
	at := sessionAt(c.t, c.rig.Server.Clock())
	result := map[string][]place{}
	for _, m := range c.browser.endTrace(c.t) {
		f := strings.Split(m.Name, ":")
		if f[0] != "pos" || len(f) != 5 {
			continue
		}
		position, err := strconv.ParseFloat(f[2], 64)
		check(c.t, err)
		drift, err := strconv.ParseFloat(f[3], 64)
		check(c.t, err)
		result[f[1]] = append(result[f[1]], place{at(m.monotonic()), position, drift, f[4]})
	}
	for _, p := range result {
		slices.SortFunc(p, func(a, b place) int { return int(a.at.Sub(b.at)) })
	}
	return result
}

// apart is how far two players were from each other between two instants, in
// ms, at each mark of the first one.
func apart(a, b []place, from, to clock.SessionTime) (ms []float64) {
	for _, p := range a {
		if p.at < from || p.at > to {
			continue
		}
		i, _ := slices.BinarySearchFunc(b, p.at, func(q place, t clock.SessionTime) int { return int(q.at.Sub(t)) })
		if i == 0 || i == len(b) || b[i].at.Sub(b[i-1].at) > 200*time.Millisecond {
			continue
		}
		share := float64(p.at.Sub(b[i-1].at)) / float64(b[i].at.Sub(b[i-1].at))
		other := b[i-1].position + share*(b[i].position-b[i-1].position)
		ms = append(ms, math.Abs(p.position-other)*1000)
	}
	return ms
}

// TestPlayersFollow: two players follow play, rate, seek and pause of the
// leader; a third one comes in the middle, and is trimmed in the end.
func TestPlayersFollow(t *testing.T) {
	c := newCinema(t, "a", "b")
	defer c.close()
	c.lead(`page.load("` + film + `")`)
	c.everybody(`page.player.state === 'paused'`)
	played := c.sync(`{isPlaying: true, position: 5}`)
	c.everybody(`page.player.state === 'playing' && Math.abs(page.player.drift) < 40`)
	from := c.now()
	pause(t.Context(), 2*time.Second)
	c.join("late", "")
	c.everybody(`page.player.state === 'playing' && Math.abs(page.player.drift) < 40`)
	to := c.now()

	c.sync(`{isPlaying: true, playbackRate: 1.5}`)
	c.everybody(`Math.abs(page.video.playbackRate - 1.5) < 0.04`)
	c.sync(`{isPlaying: true, position: 40, playbackRate: 1}`)
	c.everybody(`page.video.currentTime > 40 && page.player.state === 'playing' && Math.abs(page.player.drift) < 40`)
	fromSeek := c.now()
	pause(t.Context(), time.Second)
	toSeek := c.now()
	trimmed := c.players[2]
	evaluate(t, trimmed, `void (page.player.trimMs = 200)`, new(any))
	c.wait(trimmed, "the trimmed player to be ahead",
		`page.player.state === 'playing' && Math.abs(page.video.currentTime - page.session.timeline.position(page.session.now()) - 0.2) < 0.05`)
	c.sync(`{isPlaying: false}`)
	c.everybody(`page.player.state === 'paused'`)

	var stopped []seen
	for _, p := range c.players {
		s := c.seen(p)
		stopped = append(stopped, s)
		if s.Seeks > seeksAllowed || !s.Paused {
			t.Errorf("%+v", s)
		}
		if math.Abs(s.Position-stopped[0].Position) > 0.001 {
			t.Errorf("paused at %v and at %v", s.Position, stopped[0].Position)
		}
	}
	for _, d := range c.acted(played.CommandID) {
		t.Logf("play: %v", d)
	}
	places := c.places()
	for name, ms := range map[string][]float64{
		"after play": apart(places["a"], places["b"], from, to),
		"after seek": apart(places["a"], places["b"], fromSeek, toSeek),
		"late":       apart(places["a"], places["late"], fromSeek, toSeek),
	} {
		t.Logf("%s: %d readings, p50 %.1f ms, p95 %.1f ms", name, len(ms), lab.Quantile(ms, .5), lab.Quantile(ms, .95))
		if len(ms) < 10 || lab.Quantile(ms, .5) > 200 {
			t.Errorf("%s: %d readings, apart by %.1f ms", name, len(ms), lab.Quantile(ms, .5))
		}
	}
}

func (c *cinema) now() clock.SessionTime { return c.rig.Server.Clock().Now() }

// acted returns by how much each player missed a command, as it says.
func (c *cinema) acted(commandID string) (errors []float64) {
	c.t.Helper()
	r, err := c.rig.Server.Sessions().Report(c.t.Context(), stageSession, commandID)
	check(c.t, err)
	for _, d := range r.Devices {
		if d.ErrorMs != nil {
			errors = append(errors, *d.ErrorMs)
		}
	}
	return errors
}
