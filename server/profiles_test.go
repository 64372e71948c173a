package server_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/sim"
	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/internal/testnet"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// profileRun is what one device over one profile did, against the truth.
type profileRun struct {
	mapErr, fireErr []time.Duration
	readings        int
	outside         int // of the map's 99 % bound
	beyond          int // the hard bound
	lateFires       int // acts off by more than the 99 % bound and the resolution
}

// onProfile sends what a direction of the profile says.
func onProfile(p sim.Profile, dir int, seed uint64) testnet.Path {
	var mu sync.Mutex
	start, d := time.Now(), sim.NewDirection(p, dir, seed)
	return func(at time.Time) (time.Duration, bool) {
		mu.Lock()
		defer mu.Unlock()
		ms, lost := d.Send(at.Sub(start).Seconds())
		return time.Duration(ms * 1e6), lost
	}
}

// profileClock is a profile's clock in the bubble's time, safe for concurrent use.
type profileClock struct {
	mu    sync.Mutex
	start time.Time
	sim   sim.Clock
}

func (c *profileClock) at(t time.Time, read func(clock.SessionTime) clock.DeviceTime) clock.DeviceTime {
	c.mu.Lock()
	defer c.mu.Unlock()
	return read(sim.Start.Add(t.Sub(c.start)))
}

func (c *profileClock) Now() clock.DeviceTime { return c.at(time.Now(), c.sim.Read) }

// runProfile runs the whole service with a leader on a quiet path and a device
// over the profile, for so many commands ten seconds apart.
func runProfile(t *testing.T, p sim.Profile, seed uint64, commands int) (run profileRun) {
	near := between(testnet.Constant(time.Millisecond), testnet.Constant(time.Millisecond))
	c := &profileClock{start: time.Now(), sim: sim.NewClock(p, seed)}
	far := path{onProfile(p, 1, 2*seed+1), onProfile(p, 0, 2*seed), c, p.Resolution}
	w := newWorld(t, near, far)
	defer w.stop()
	d := w.devices[1]
	time.Sleep(2 * time.Second)
	for range commands {
		s := w.schedule(map[string]any{"name": "flash", "delay": 3000})
		for range 40 {
			time.Sleep(250*time.Millisecond + 7*time.Microsecond)
			now := time.Now()
			err := d.Clock().Session(c.at(now, c.sim.True)).Sub(w.service.Clock().At(now))
			run.read(err, d.Clock().Bound(), d.Clock().Hard())
		}
		d.mu.Lock()
		if len(d.acts) != 1 || d.acts[0].CommandID != s.CommandID || d.acts[0].Late {
			t.Fatalf("%s: acted %+v", p.Name, d.acts)
		}
		miss := w.service.Clock().At(d.truly[0]).Sub(s.Timestamp)
		run.fireErr = append(run.fireErr, miss)
		if miss.Abs() > d.acts[0].Bound+p.Resolution {
			run.lateFires++
		}
		d.acts, d.truly = nil, nil
		d.mu.Unlock()
	}
	return run
}

func (r *profileRun) read(err, bound, hard time.Duration) {
	r.readings++
	r.mapErr = append(r.mapErr, err)
	if err.Abs() > bound {
		r.outside++
	}
	if err.Abs() > hard+1 {
		r.beyond++
	}
}

func absP95(ds []time.Duration) float64 {
	var all []float64
	for _, d := range ds {
		all = append(all, testutil.Us(d.Abs()))
	}
	return lab.Quantile(all, .95)
}

// TestProfiles runs the whole service over every profile: what the device takes
// session time to be and when it acts are as honest as its bounds.
//
// The readings of one run hang together, since one unlucky stretch of queues
// misleads some seconds of them at once: a run in some tens has a twentieth of its
// readings outside a bound that holds for 99.4 % of all. So a run that is beyond
// the ordinary doesn't decide, and isn't dropped either: it counts as one of ten.
func TestProfiles(t *testing.T) {
	const commands, more = 18, 9 // ten seconds from one command to the next
	outside, readings := 0, 0
	for _, p := range sim.Profiles() {
		t.Run(p.Name, func(t *testing.T) {
			all := profileRunOf(t, p, 0, commands)
			if all.unlucky() {
				t.Logf("%s; running %d more", &all, more)
				for seed := uint64(1); seed <= more; seed++ {
					all.add(profileRunOf(t, p, seed, commands))
				}
				all.judge(t)
			}
			if all.beyond > 0 {
				t.Errorf("%d of %d readings beyond the hard bound", all.beyond, all.readings)
			}
			outside, readings = outside+all.outside, readings+all.readings
			t.Log(&all)
		})
	}
	if outside*100 > readings {
		t.Errorf("outside the 99 %% bound: %d of %d readings of all profiles", outside, readings)
	}
}

// profileRunOf is runProfile in a bubble of its own.
func profileRunOf(t *testing.T, p sim.Profile, seed uint64, commands int) (run profileRun) {
	synctest.Test(t, func(t *testing.T) { run = runProfile(t, p, seed, commands) })
	return run
}

func (r *profileRun) add(o profileRun) {
	r.mapErr, r.fireErr = append(r.mapErr, o.mapErr...), append(r.fireErr, o.fireErr...)
	r.readings, r.outside, r.beyond, r.lateFires = r.readings+o.readings, r.outside+o.outside, r.beyond+o.beyond, r.lateFires+o.lateFires
}

// unlucky reports whether a single run has more outside its bounds than nearly all
// runs of an honest estimator have.
func (r *profileRun) unlucky() bool { return r.outside*20 > r.readings || r.lateFires > 1 }

// judge allows ten runs, of which one is known to be unlucky, twice what a 99 %
// bound says; for acts, of which there are few, three times.
func (r *profileRun) judge(t *testing.T) {
	if r.outside*50 > r.readings || r.lateFires*100 > 3*len(r.fireErr) {
		t.Errorf("too much outside the 99 %% bound: %s", r)
	}
}

func (r *profileRun) String() string {
	return fmt.Sprintf("outside the 99 %% bound %d of %d readings, %d of %d acts; p95 of the map's error %.1f µs, of the acts' %.1f µs, cover %.1f %%",
		r.outside, r.readings, r.lateFires, len(r.fireErr), absP95(r.mapErr), absP95(r.fireErr), r.cover())
}

// cover is the share of the readings within the 99 % bound, in percent.
func (r *profileRun) cover() float64 { return 100 - 100*float64(r.outside)/float64(r.readings) }
