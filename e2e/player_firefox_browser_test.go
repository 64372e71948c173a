package e2e

import (
	"math"
	"testing"

	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/server"
)

// TestFirefoxPlays: a player in a real Firefox follows play, seek and pause. How
// far it is from the timeline is its own word: nothing outside can look into it.
func TestFirefoxPlays(t *testing.T) {
	f := newFirefox(t)
	r, err := lab.NewRig(t.Context(), server.Config{Log: quiet(), Addr: ":0"}, new(entrance).wrap) // Firefox pairs with no loopback address
	check(t, err)
	defer func() { check(t, r.Close()) }()
	f.open(r.URL + "/test/player.html?session=firefox&name=fox")
	var told struct {
		Drifts     []float64
		Start      float64
		Seeks      int
		Seek       float64
		Scatter    float64
		Troubles   []string
		Paused, At float64
	}
	f.evaluate(`(async () => {
		const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))
		while (!globalThis.page) await sleep(20)
		const { player, video, session } = page
		const acted = ({ commandId }) => new Promise(done => session.on('command_report', report => {
			const own = report.devices.find(d => d.deviceId === session.deviceId)
			if (report.commandId === commandId && own?.at) done(own.errorMs)
		}))
		await page.synced()
		await page.load('/test/player.webm')
		await page.until(() => player.state === 'paused')
		const start = await acted(await page.sync({ isPlaying: true, position: 5 }))
		await page.until(() => player.state === 'playing')
		await sleep(2000)
		const drifts = [], points = []
		for (let i = 0; i < 200; i++, await sleep(15)) {
			drifts.push(player.drift)
			points.push(video.currentTime * 1000 - performance.now())
		}
		const mean = points.reduce((a, b) => a + b) / points.length
		const scatter = Math.sqrt(points.reduce((a, b) => a + (b - mean) ** 2, 0) / points.length)
		const seek = await acted(await page.sync({ isPlaying: true, position: 40 }))
		await page.until(() => player.state === 'playing' && Math.abs(player.drift) < 40 && video.currentTime > 40)
		await page.sync({ isPlaying: false, position: 50 })
		await page.until(() => player.state === 'paused' && session.timeline.position(session.now()) === 50)
		return { drifts, start, seek, scatter, seeks: player.seeks, troubles: page.troubles, paused: video.currentTime, at: 50 }
	})()`, &told)
	for i := range told.Drifts {
		told.Drifts[i] = math.Abs(told.Drifts[i])
	}
	t.Logf("start %.1f ms, seek %.1f ms, drift p50 %.1f, p95 %.1f ms, scatter %.1f ms, seeks %d, paused at %v", told.Start, told.Seek,
		lab.Quantile(told.Drifts, .5), lab.Quantile(told.Drifts, .95), told.Scatter, told.Seeks, told.Paused)
	if told.Seeks > seeksAllowed || math.Abs(told.Paused-told.At) > 0.02 {
		t.Errorf("%+v", told)
	}
}
