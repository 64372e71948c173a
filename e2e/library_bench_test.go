package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/lab"
)

// The figures of the browser library, against the machine's monotonic clock
// as Chromium's trace has it. Each benchmark is one run: `make bench-browser`.

// acting makes a page act 400 times by at(), on itself or by the actions in its
// worker, and tells for when each act was asked and the time that the library read.
const acting = `(async (where, from, count) => {
	const all = []
	for (let i = from; i < from + count; i++) {
		const t = s.now() + 20 + 10 * Math.random(), Mark = 'act:' + i
		const time = await new Promise(done => {
			if (where === 'page') return void s.at(t, ({ time }) => { performance.mark(Mark); done(time) })
			const off = s.on('acted', ({ time }) => { off(); done(time) })
			s.at(t, 'mark', Mark)
		})
		all.push({ Mark, Asked: t, Read: time, Bound: s.bound })
	}
	return all
})`

// janky blocks its page for up to 30 ms at a time.
const janky = `(() => {
	const block = () => {
		const end = performance.now() + Math.random() * 30
		while (performance.now() < end);
		setTimeout(block, Math.random() * 20)
	}
	block()
})()`

// BenchmarkBrowserAt: at() on an idle page, in a worker, and in the worker of
// a janky page; 400 acts each.
func BenchmarkBrowserAt(b *testing.B) {
	for name, c := range map[string]struct {
		where string
		jank  bool
	}{"page": {"page", false}, "worker": {"worker", false}, "janky-worker": {"worker", true}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				benchmarkAt(b, c.where, c.jank)
			}
		})
	}
}

func benchmarkAt(b *testing.B, where string, jank bool) {
	room := newRoom(b, nil)
	u := room.join(joinOptions{"actions": "/test/actions.js"})
	room.browser.startTrace(b, u.ctx)
	pause(b.Context(), 2*time.Second)
	if jank {
		u.do(janky)
	}
	var fired, believed, late []float64
	outside := 0
	type told struct {
		Mark               string
		Asked, Read, Bound float64
	}
	var all []told
	for range 4 { // an evaluation has 20 s
		all = append(all, ask[[]told](u, acting+fmt.Sprintf("(%q, %d, 100)", where, len(all)))...)
	}
	truth := room.marks()
	for _, a := range all {
		truly, ok := truth[a.Mark]
		if !ok {
			b.Fatalf("%s is not in the trace", a.Mark)
		}
		fired = append(fired, us(truly.Sub(sessionMs(a.Asked)).Abs()))
		believed = append(believed, us(truly.Sub(sessionMs(a.Read)).Abs()))
		late = append(late, 1000*(a.Read-a.Asked))
		if ms(truly.Sub(sessionMs(a.Read)).Abs()) > a.Bound {
			outside++
		}
	}
	b.ReportMetric(lab.Quantile(fired, .5), "us-err-p50")
	b.ReportMetric(lab.Quantile(fired, .95), "us-err-p95")
	b.ReportMetric(lab.Quantile(fired, .99), "us-err-p99")
	b.ReportMetric(lab.Quantile(fired, 1), "us-err-max")
	b.ReportMetric(lab.Quantile(believed, .99), "us-clock-err-p99")
	b.ReportMetric(lab.Quantile(late, .99), "us-late-p99")
	b.ReportMetric(100*float64(outside)/float64(len(all)), "%-outside-bound")
}

// starting starts a sound 40 times and tells when each was heard, by the audio
// clock's own stamps within a tenth of a second of it, as the page's time.
const starting = `(async () => {
	const ctx = new AudioContext({ latencyHint: 'interactive' })
	await ctx.resume()
	s.toAudio(ctx, s.now())
	const stamps = [], starts = []
	const watch = setInterval(() => {
		const { contextTime, performanceTime } = ctx.getOutputTimestamp()
		if (contextTime > 0 && contextTime !== stamps.at(-1)?.x) stamps.push({ x: contextTime, y: performanceTime })
	}, 2)
	await new Promise(done => setTimeout(done, 2000))
	for (let i = 0; i < 40; i++) {
		const t = s.now() + 100 + 20 * Math.random()
		const source = new ConstantSourceNode(ctx)
		source.connect(ctx.destination)
		const when = s.toAudio(ctx, t)
		source.start(when)
		source.stop(when + 0.01)
		starts.push({ t, when })
		await new Promise(done => setTimeout(done, 150))
	}
	await new Promise(done => setTimeout(done, 300))
	clearInterval(watch)
	return starts.map(({ t, when }) => {
		const near = stamps.filter(({ x }) => Math.abs(x - when) < 0.1)
		const n = near.length, mx = near.reduce((a, { x }) => a + x, 0) / n, my = near.reduce((a, { y }) => a + y, 0) / n
		const slope = near.reduce((a, { x, y }) => a + (x - mx) * (y - my), 0) / near.reduce((a, { x }) => a + (x - mx) ** 2, 0)
		return { Asked: t, Heard: my + slope * (when - mx) }
	})
})()`

// BenchmarkBrowserAudioStart: when sound is heard, by the audio clock's own stamps.
func BenchmarkBrowserAudioStart(b *testing.B) {
	for b.Loop() {
		room := newRoom(b, nil)
		u := room.join(nil)
		room.browser.startTrace(b, u.ctx)
		starts := ask[[]struct{ Asked, Heard float64 }](u, starting)
		perf := room.pageClock(u)
		var errs []float64
		for _, s := range starts {
			errs = append(errs, us(perf(s.Heard).Sub(sessionMs(s.Asked)).Abs()))
		}
		b.ReportMetric(lab.Quantile(errs, .5), "us-err-p50")
		b.ReportMetric(lab.Quantile(errs, .95), "us-err-p95")
		b.ReportMetric(lab.Quantile(errs, 1), "us-err-max")
	}
}

// pageClock ends the trace and returns the true session time of a page's performance.now().
func (r *room) pageClock(u user) func(ms float64) clock.SessionTime {
	r.t.Helper()
	at, began := sessionAt(r.t, r.rig.Server.Clock()), r.began(u)[0]
	return func(ms float64) clock.SessionTime { return at(began + time.Duration(ms*1e6)) }
}

// began ends the trace and returns when the performance.now() of each page was 0, by the machine's monotonic
// clock. Marks on both clocks relate them; each is read to 5 µs.
func (r *room) began(users ...user) []time.Duration {
	r.t.Helper()
	var starts []map[string]float64
	for i, u := range users {
		starts = append(starts, ask[map[string]float64](u, fmt.Sprintf(`(async () => {
			const all = {}
			for (let i = 0; i < 100; i++) {
				const name = 'perf:%d:' + i
				all[name] = performance.mark(name).startTime
			}
			return all
		})()`, i)))
	}
	sums := make([]time.Duration, len(users))
	for _, m := range r.browser.endTrace(r.t) {
		for i := range starts {
			if start, ok := starts[i][m.Name]; ok {
				sums[i] += m.monotonic() - time.Duration(start*1e6)
			}
		}
	}
	for i := range sums {
		sums[i] /= 100
	}
	return sums
}

// BenchmarkBrowserFirstVisit: a link to the device page is opened, in a browser
// that has been here before, until the page says that it is ready.
func BenchmarkBrowserFirstVisit(b *testing.B) {
	for b.Loop() {
		room := newRoom(b, nil)
		var visits []float64
		for i := range 12 {
			ctx, cancel := chromedp.NewContext(room.browser.ctx)
			u := user{b, ctx}
			check(b, chromedp.Do(ctx, chromedp.Navigate(room.url+"/device?camera=none&session="+stageSession)))
			ready := ask[float64](u, `new Promise(done => {
				const look = () => document.getElementById('state').textContent === 'ready' ? done(performance.now()) : setTimeout(look, 1)
				look()
			})`)
			if i >= 2 {
				visits = append(visits, ready)
			}
			cancel()
		}
		b.ReportMetric(lab.Quantile(visits, .5), "ms-ready-p50")
		b.ReportMetric(lab.Quantile(visits, 1), "ms-ready-max")
	}
}
