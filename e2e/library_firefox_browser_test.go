package e2e

import (
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/server"
)

// asking asks the server for its session time and tells what the page believed
// before and after: in between is when the server answered.
const asking = `(async () => {
	const all = []
	for (let i = 0; i < 100; i++) {
		const before = performance.now()
		const { timestamp } = await s.request('heartbeat')
		const after = performance.now()
		all.push({ Before: s.toSession(before), After: s.toSession(after), Truly: timestamp, Bound: s.bound })
	}
	return all
})()`

// TestFirefox: a real Firefox joins, keeps session time and acts on time. Its
// clock's truth isn't to be had from outside, so it is held against causality: the
// server's answer can't come before the question, nor after its arrival.
func TestFirefox(t *testing.T) {
	f := newFirefox(t)
	r, err := lab.NewRig(t.Context(), server.Config{Log: quiet(), Addr: ":0"}, nil) // Firefox pairs with no loopback address
	check(t, err)
	defer func() { check(t, r.Close()) }()
	f.open(r.URL + "/device")
	var ignored any
	f.evaluate(joining(t, joinOptions{"actions": "/app/ui/actions.js"}), &ignored)
	f.evaluate(`until(() => s.path === 'udp')`, &ignored)
	pause(t.Context(), 2*time.Second)

	var told struct {
		Missing                             []string
		Thread, Path                        string
		Isolated                            bool
		Resolution, Bound, OnPage, InWorker float64
	}
	f.evaluate(`(async () => {
		const quantile = (all, q) => all.sort((a, b) => a - b)[Math.ceil(q * all.length) - 1]
		const page = [], worker = []
		for (let i = 0; i < 60; i++) {
			const t = s.now() + 30
			page.push(await new Promise(done => s.at(t, ({ lateness }) => done(lateness))))
		}
		for (let i = 0; i < 60; i++) {
			const t = s.now() + 30
			worker.push(await new Promise(done => {
				const off = s.on('acted', ({ time }) => { off(); done(time - t) })
				s.at(t, 'pulse')
			}))
		}
		return {
			Missing: s.missing, Thread: s.clockThread, Path: s.path, Isolated: crossOriginIsolated, Resolution: s.resolution, Bound: s.bound,
			OnPage: quantile(page, .95), InWorker: quantile(worker, .95),
		}
	})()`, &told)
	t.Logf("%+v", told)
	if !told.Isolated {
		t.Error("the page isn't isolated")
	}
	var answers []struct{ Before, After, Truly, Bound float64 }
	f.evaluate(asking, &answers)
	narrowest := answers[0]
	for _, a := range answers {
		if a.Truly < a.Before-a.Bound || a.Truly > a.After+a.Bound {
			t.Errorf("impossible: asked at %.3f, answered at %.3f, heard at %.3f, with a bound of %.3f ms", a.Before, a.Truly, a.After, a.Bound)
		}
		if a.After-a.Before < narrowest.After-narrowest.Before {
			narrowest = a
		}
	}
	t.Logf("off by %+.3f to %+.3f ms", narrowest.Before-narrowest.Truly, narrowest.After-narrowest.Truly)

	f.evaluate(`(async () => {
		const acted = new Promise(done => s.onCommand('flash', (command, { late }) => done(late)))
		await s.schedule('flash')
		if (await acted) throw new Error('acted too late')
	})()`, &ignored)
}
