package e2e

import (
	"math"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// bundleOf is a module and the npm packages that it imports as they are, as one that a browser can import.
func bundleOf(t testing.TB, module string) []byte {
	t.Helper()
	testutil.Modules(t)
	bundle := exec.Command("node_modules/.bin/esbuild", "--bundle", "--format=esm")
	bundle.Dir = "../web"
	bundle.Stdin = strings.NewReader(module)
	out, err := bundle.Output()
	if err != nil {
		t.Fatal("the packages can't be bundled: ", err)
	}
	return out
}

// timed makes a page's timing object and a medium of a minute that follows it.
const timed = `(async () => {
	const { TimingObject, setTimingsrc } = await import('/test/timing.js')
	globalThis.provider = s.timingProvider()
	globalThis.timing = new TimingObject(provider)
	const rate = 8000, wav = new DataView(new ArrayBuffer(44 + 60 * rate))
	const text = (at, word) => [...word].forEach((c, i) => wav.setUint8(at + i, c.charCodeAt(0)))
	text(0, 'RIFF'); wav.setUint32(4, wav.byteLength - 8, true); text(8, 'WAVEfmt '); wav.setUint32(16, 16, true)
	wav.setUint16(20, 1, true); wav.setUint16(22, 1, true); wav.setUint32(24, rate, true); wav.setUint32(28, rate, true)
	wav.setUint16(32, 1, true); wav.setUint16(34, 8, true); text(36, 'data'); wav.setUint32(40, 60 * rate, true)
	globalThis.video = document.createElement('video')
	video.src = URL.createObjectURL(new Blob([wav.buffer], { type: 'audio/wav' }))
	video.muted = true
	await new Promise((done, fail) => { video.onloadeddata = done; video.onerror = () => fail(video.error) })
	setTimingsrc(video, timing)
	await until(() => timing.readyState === 'open')
})()`

// TestTimingObject: the leader's timeline drives the unmodified npm packages
// timing-object and timingsrc, and so any <video>, on every page.
func TestTimingObject(t *testing.T) {
	libraries := bundleOf(t, `export { TimingObject } from 'timing-object'; export { setTimingsrc } from 'timingsrc'`)
	room := newRoom(t, map[string]http.HandlerFunc{"/test/timing.js": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write(libraries)
	}})
	leader := room.join(joinOptions{"userId": "ann"})
	follower := room.join(joinOptions{"userId": "bob"})
	leader.do(timed)
	follower.do(timed)
	leader.do(`s.loadMedia({ mediaUrl: '/film.wav' })`)

	if code := ask[string](follower, `timing.update({ velocity: 1 }).then(() => 'allowed', e => e.code)`); code != "not_leader" {
		t.Errorf("a follower's update: %s", code)
	}
	for _, vector := range []string{`{ velocity: -1 }`, `{ acceleration: 1 }`} {
		if name := ask[string](leader, `timing.update(`+vector+`).then(() => 'allowed', e => e.name)`); name != "NotSupportedError" {
			t.Errorf("update(%s): %s", vector, name)
		}
	}
	leader.do(`timing.update({ position: 20, velocity: 1 })`)
	for _, u := range []user{leader, follower} {
		u.do(`until(() => timing.query().velocity === 1)`)
		type place struct{ Object, Timeline, Video float64 }
		u.do(`until(() => Math.abs(video.currentTime - timing.query().position) < 0.05)`)
		p := ask[place](u, `({ Object: timing.query().position, Timeline: s.timeline.position(s.now()), Video: video.currentTime })`)
		if p.Object < 20 || p.Object > 40 || math.Abs(p.Object-p.Timeline) > 0.001 {
			t.Errorf("playing: %+v", p)
		}
		t.Logf("video %+.1f ms from the timeline", 1000*(p.Video-p.Timeline))
	}
	leader.do(`timing.update({ position: 5, velocity: 0 })`)
	for _, u := range []user{leader, follower} {
		u.do(`until(() => video.paused && Math.abs(video.currentTime - 5) < 0.01 && timing.query().velocity === 0)`)
	}
	leader.do(`s.play()`)
	follower.do(`until(() => timing.query().position > 5.05)`)
	leader.do(`s.setRate(2)`)
	follower.do(`until(() => timing.query().velocity === 2)`)
	leader.do(`s.seek(40)`)
	follower.do(`until(() => timing.query().position > 40)`)
	follower.do(`s.close()`)
	if state := ask[string](follower, `timing.readyState`); state != "closed" {
		t.Errorf("of a closed session: %s", state)
	}
}
