package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock/sim"
	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/internal/shell"
	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/server"
)

// besidePaths are the networks that BenchmarkBesidePeer has in front of both: queueing to the device and back, in
// ms. Floors are equal both ways: no exchange shows that they differ, whoever makes it. On one machine all clocks
// are equally fast, which two machines' aren't: rate is by how much both servers' are faster.
var besidePaths = []struct {
	name  string
	floor time.Duration
	queue func() [2]sim.Queue
	rate  float64
}{
	{"quiet", 0, func() [2]sim.Queue { return [2]sim.Queue{sim.Uniform(0, 0), sim.Uniform(0, 0)} }, 0},
	{"jitter", 5 * time.Millisecond, func() [2]sim.Queue { return [2]sim.Queue{sim.Exp(3, 0), sim.Exp(3, 0)} }, 0},
	{"bufferbloat", 8 * time.Millisecond, filling, 0},
	{"bufferbloat-20ppm", 8 * time.Millisecond, filling, 20e-6},
	{"asymmetric", 5 * time.Millisecond, func() [2]sim.Queue { return [2]sim.Queue{sim.Exp(0.3, 0), sim.Gamma(3, 3, 0)} }, 0},
}

func filling() [2]sim.Queue {
	return [2]sim.Queue{sim.Exp(0.3, 0), sim.Sum(sim.Exp(0.3, 0), bloated)}
}

// bloated fills a buffer from 100 to 600 ms within 12 s, after 8 s of quiet, again and again: all of a run wait for
// the same.
func bloated(_ *rand.Rand, at, _ float64) float64 {
	if at = math.Mod(at, 20) - 8; at < 0 {
		return 0
	}
	return 100 + 500*at/12
}

const (
	besideRuns   = 5                // at once, each with connections of its own
	besideSettle = 10 * time.Second // from joining to the first reading
	besideRead   = 20 * time.Second
)

// BenchmarkBesidePeer: pages in one Chromium that follow a server's time over a WebSocket alone, by this library and
// by the published @ircam/sync, over networks with the same delays; errors against the machine's monotonic clock,
// which both servers' times are of. One run: `make bench-peer`.
func BenchmarkBesidePeer(b *testing.B) {
	script, err := testdata.ReadFile("testdata/sync_client.js")
	check(b, err)
	client := bundleOf(b, string(script))
	for _, path := range besidePaths {
		b.Run(path.name, func(b *testing.B) {
			for b.Loop() {
				now, err := shell.FakeClock(fmt.Sprintf("0s,%gppm", path.rate*1e6))
				check(b, err)
				room := newRoomOf(b, server.Config{Now: now}, map[string]http.HandlerFunc{"/test/sync.js": func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "text/javascript")
					_, _ = w.Write(client)
				}})
				port := syncServer(b, path.rate)
				var ours, theirs []user
				for i := range uint64(besideRuns) {
					relay := func(to string) string { return newDelaying(b, to, path.floor, path.queue, i).url }
					ours = append(ours, room.overWebSocket(relay(strings.TrimPrefix(room.url, "http://")), i))
					theirs = append(theirs, room.peer(relay("127.0.0.1:"+port)))
				}
				room.compare(b, ours, theirs, 1+path.rate)
			}
		})
	}
}

// observing has a page read its time ten times a second, from besideSettle on.
var observing = fmt.Sprintf(`globalThis.readings = []
	setTimeout(() => setInterval(() => {
		const d = performance.now()
		readings.push({ Device: d, Time: time(d), Bound: bound() })
	}, 100), %d)`, besideSettle.Milliseconds())

// overWebSocket is a page that uses this library, without WebRTC, through a relay.
func (r *room) overWebSocket(relay string, i uint64) user {
	u := user{r.t, r.browser.tab(r.t, relay+"/test/beside.html")}
	u.do(`(() => { globalThis.RTCPeerConnection = undefined })()`)
	u.join(joinOptions{"sessionId": fmt.Sprint("beside-", i), "resume": false})
	u.do(`(() => { globalThis.time = d => s.toSession(d); globalThis.bound = () => s.bound; ` + observing + ` })()`)
	return u
}

// peer is a page that uses @ircam/sync through a relay.
func (r *room) peer(relay string) user {
	u := user{r.t, r.browser.tab(r.t, r.url+"/test/beside.html")}
	u.do(`(async () => {
		const { follow } = await import('/test/sync.js')
		globalThis.time = await follow('` + strings.Replace(relay, "http", "ws", 1) + `')
		globalThis.bound = () => null; ` + observing + `
	})()`)
	return u
}

// compare waits for the readings of all pages and reports the errors of both. rate is that of the servers' clocks
// over the machine's.
func (r *room) compare(b *testing.B, ours, theirs []user, rate float64) {
	b.Helper()
	r.browser.startTrace(b, ours[0].ctx)
	pause(b.Context(), besideSettle+besideRead)
	for _, u := range ours {
		if path := ask[string](u, `s.path`); path != "websocket" {
			b.Fatalf("the library measures over %q", path)
		}
	}
	all := append(append([]user(nil), ours...), theirs...)
	var told [][]besideReading
	for _, u := range all {
		told = append(told, ask[[]besideReading](u, `readings`))
	}
	began := r.began(all...)
	now, session := monotonic(), sessionAt(b, r.rig.Server.Clock())
	var own, other []float64
	outside := 0
	for i, readings := range told {
		for _, got := range readings {
			truly := began[i] + millis(got.Device)
			if i >= len(ours) {
				other = append(other, us((millis(got.Time) - faster(truly, rate)).Abs()))
				continue
			}
			off := sessionMs(got.Time).Sub(session(now + faster(truly-now, rate))).Abs()
			if own = append(own, us(off)); ms(off) > *got.Bound {
				outside++
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	for name, errs := range map[string][]float64{"downbeat": own, "ircam": other} {
		b.ReportMetric(lab.Quantile(errs, .5), "us-"+name+"-p50")
		b.ReportMetric(lab.Quantile(errs, .95), "us-"+name+"-p95")
	}
	b.ReportMetric(lab.Quantile(own, .95)/lab.Quantile(other, .95), "p95-ratio")
	b.ReportMetric(100*float64(outside)/float64(len(own)), "%-outside-bound")
}

// besideReading is what a page believed at an instant of its performance.now(), in ms.
type besideReading struct {
	Device, Time float64
	Bound        *float64 // null: none is told
}

func faster(d time.Duration, rate float64) time.Duration { return time.Duration(float64(d) * rate) }

func millis(ms float64) time.Duration { return time.Duration(ms * 1e6) }

// syncServer starts the server of @ircam/sync in Node, with a clock that is faster by rate, and returns its port.
func syncServer(t testing.TB, rate float64) string {
	t.Helper()
	testutil.Modules(t)
	script, err := testdata.ReadFile("testdata/sync_server.js")
	check(t, err)
	node := exec.CommandContext(t.Context(), "node", "--input-type=module", "-", fmt.Sprint(1+rate))
	node.Dir, node.Stdin = "../web", bytes.NewReader(script)
	out, err := node.StdoutPipe()
	check(t, err)
	check(t, node.Start())
	t.Cleanup(func() { _ = node.Process.Kill(); _ = node.Wait() })
	port, err := bufio.NewReader(out).ReadString('\n')
	check(t, err)
	return strings.TrimSpace(port)
}
