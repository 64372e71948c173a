package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/downbeat-sync/downbeat/internal/lab"
)

// socketClock joins with Socket.IO's client and has clock frames over it; `s` is the clock.
const socketClock = `(async () => {
	const [{ io }, { Clock }] = [await import('/socket.io/socket.io.esm.min.js'), await import('/clock.js')]
	const socket = io({ transports: ['websocket'] })
	const clock = globalThis.s = new Clock(frame => socket.volatile.emit('clock_frame', frame))
	globalThis.refused = []
	socket.on('error', ({ code }) => refused.push(code))
	socket.on('clock_frame', frame => clock.receive(frame))
	socket.on('session_joined', ({ deviceId }) => { s.deviceId = deviceId; socket.emit('clock_frame') })
	socket.emit('join_session', { sessionId: 'stage', deviceType: 'desktop' })
	await new Promise((done, fail) => {
		const end = performance.now() + 15000
		const look = () => clock.bound < 5 ? done() : performance.now() > end ? fail(new Error('no session time: ' + refused)) : setTimeout(look, 5)
		look()
	})
})()`

// clockPage opens a page that has the clock over Socket.IO alone.
func (r *room) clockPage() user {
	u := r.open()
	u.do(socketClock)
	return u
}

// TestBrowserClockOverSocketIO: a page that loads clock.js and nothing else of the library knows session time as well as it
// says, with the frames among Socket.IO's events, and acts by it.
func TestBrowserClockOverSocketIO(t *testing.T) {
	room := newRoom(t, nil)
	u := room.clockPage()
	room.browser.startTrace(t, u.ctx)
	if late := ask[float64](u, `new Promise(done => s.at(s.now() + 100, ({ lateness }) => done(lateness)))`); late < 0 {
		t.Errorf("it acts %v ms early", -late)
	}
	if refused := ask[[]string](u, "refused"); len(refused) > 0 {
		t.Errorf("the server refused: %v", refused)
	}
	t.Log("off by at most", room.honest(u))
}

// BenchmarkBrowserClockOverSocketIO: 400 readings of such a page's session time.
func BenchmarkBrowserClockOverSocketIO(b *testing.B) {
	for b.Loop() {
		room := newRoom(b, nil)
		u := room.clockPage()
		check(b, chromedp.Do(u.ctx, chromedp.Sleep(2*time.Second)))
		room.browser.startTrace(b, u.ctx)
		var all []reading
		for range 20 {
			all = append(all, u.readings(len(all))...)
		}
		truth := room.marks()
		var errs, bounds []float64
		outside := 0
		for _, got := range all {
			err := ms(sessionMs(got.Session).Sub(truth[got.Mark]).Abs())
			if err > got.Bound {
				outside++
			}
			errs, bounds = append(errs, 1000*err), append(bounds, 1000*got.Bound)
		}
		b.ReportMetric(lab.Quantile(errs, .5), "us-err-p50")
		b.ReportMetric(lab.Quantile(errs, .95), "us-err-p95")
		b.ReportMetric(lab.Quantile(errs, 1), "us-err-max")
		b.ReportMetric(lab.Quantile(bounds, .5), "us-bound-p50")
		b.ReportMetric(100*float64(outside)/float64(len(all)), "%-outside-bound")
	}
}
