package e2e

import (
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/lab"
)

// BenchmarkBrowserPlayers: two players with sound in two tabs, the 30 s after
// play; then a seek of the leader, and more starts. Positions on the machine's
// monotonic clock; when a start was, by the players' own word.
func BenchmarkBrowserPlayers(b *testing.B) {
	for b.Loop() {
		c := newCinema(b)
		c.join("a", "sound=1")
		c.join("b", "sound=1")
		c.lead(`page.load("` + film + `")`)
		c.everybody(`page.player.state === 'paused'`)
		played := c.sync(`{isPlaying: true, position: 1}`)
		c.until(played.Timestamp, 32*time.Second)
		sought := c.sync(`{isPlaying: true, position: 55}`)
		c.until(sought.Timestamp, 5*time.Second)
		seeks := 0
		for _, p := range c.players {
			seeks += c.seen(p).Seeks
		}
		var starts []float64
		for i := range 8 {
			c.sync(`{isPlaying: false, position: ` + strconv.Itoa(5*i) + `}`)
			c.everybody(`page.player.state === 'paused'`)
			again := c.sync(`{isPlaying: true}`)
			c.until(again.Timestamp, time.Second)
			for _, ms := range c.acted(again.CommandID) {
				starts = append(starts, math.Abs(ms))
			}
		}
		places := c.places()
		c.close()
		after := func(p planned, s float64) clock.SessionTime {
			return p.Timestamp.Add(time.Duration(s * float64(time.Second)))
		}
		diff := apart(places["a"], places["b"], after(played, 2), after(played, 32))
		var back, held []float64
		for _, p := range places {
			held = append(held, astray(p, 1, played.Timestamp, after(played, 2), after(played, 32))...)
			back = append(back, astray(p, 55, sought.Timestamp, after(sought, 3), after(sought, 4.5))...)
		}
		b.ReportMetric(lab.Quantile(diff, .5), "ms-diff-p50")
		b.ReportMetric(lab.Quantile(diff, .95), "ms-diff-p95")
		b.ReportMetric(lab.Quantile(held, .95), "ms-drift-p95")
		b.ReportMetric(lab.Quantile(starts, .5), "ms-start-p50")
		b.ReportMetric(lab.Quantile(starts, .95), "ms-start-p95")
		b.ReportMetric(float64(seeks), "seeks")
		b.ReportMetric(lab.Quantile(back, 1), "ms-after-seek-3s")
	}
}

// until waits for a time after an instant.
func (c *cinema) until(t clock.SessionTime, more time.Duration) {
	pause(c.t.Context(), c.rig.Server.Clock().Until(t)+more)
}

// astray is how far a player was from a timeline that was at a position at an
// instant, in ms, between two others.
func astray(places []place, position float64, since, from, to clock.SessionTime) (ms []float64) {
	for _, p := range places {
		if p.at >= from && p.at <= to {
			ms = append(ms, math.Abs(p.position-position-p.at.Sub(since).Seconds())*1000)
		}
	}
	return ms
}

// BenchmarkBrowserRates: what Chromium does to a medium with sound whose rate
// is corrected, with the pitch kept and without.
func BenchmarkBrowserRates(b *testing.B) {
	for _, keep := range []bool{true, false} {
		b.Run(fmt.Sprintf("pitch-kept=%v", keep), func(b *testing.B) {
			for b.Loop() {
				s := newStage(b, false)
				var found struct{ Jump, Scatter, Small float64 }
				evaluate(b, s.browser.tab(b, s.rig.URL+"/test/rates.html"), fmt.Sprintf("rates(%v)", keep), &found)
				s.close()
				b.ReportMetric(found.Jump, "ms-jump")
				b.ReportMetric(found.Scatter, "ms-scatter")
				b.ReportMetric(found.Small, "ppm-of-500")
			}
		})
	}
}
