package server

import (
	"encoding/json"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
)

// air carries messages to all that listen, at once.
type air struct {
	heard map[string]map[int]func([]byte)
}

func (a *air) Publish(name string, message []byte) error {
	for _, f := range a.heard[name] {
		f(message)
	}
	return nil
}

func (a *air) Listen(name string, f func([]byte)) (func(), error) {
	if a.heard[name] == nil {
		a.heard[name] = map[int]func([]byte){}
	}
	n := len(a.heard[name])
	a.heard[name][n] = f
	return func() { delete(a.heard[name], n) }, nil
}

func newQualities(net messenger, instance string, known session.Quality) *qualities {
	return &qualities{
		instance: instance, net: net, now: time.Now, log: slog.New(slog.DiscardHandler), others: map[string]distant{},
		shared: func() map[string][]string { return map[string][]string{"studio": {"device of " + instance}} },
		own:    func(string) (session.Quality, bool) { return known, true },
	}
}

// TestQualitiesOfOthers: an instance knows of another's devices what that one does, carried on while nothing
// is heard, and nothing any more when it has been silent for long.
func TestQualitiesOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := &air{heard: map[string]map[int]func([]byte){}}
		known := session.Quality{Path: "udp", Hidden: true, Shared: 20 * time.Microsecond, Estimate: clock.Estimate{
			State: clock.Tracking, Offset: time.Second, Skew: 10e-6, Delay: time.Millisecond, Jitter: 100 * time.Microsecond,
			Bound: 50 * time.Microsecond, Hard: 500 * time.Microsecond, Map: clock.Map{Growth: 1e-6},
		}}
		a, b := newQualities(net, "a", known), newQualities(net, "b", session.Quality{})
		listening := map[string]func(){}
		b.listen(listening, b.shared())
		a.tell("studio", []string{"device of a"})
		got, ok := b.of("device of a")
		if !ok || got != known {
			t.Fatalf("%+v, want %+v", got, known)
		}
		if _, ok := b.of("device of c"); ok {
			t.Error("a device is known that nobody told of")
		}
		time.Sleep(4 * time.Second)
		later, ok := b.of("device of a")
		if e := later.Estimate; !ok || e.Offset != time.Second+40*time.Microsecond || e.Bound != 54*time.Microsecond || e.Hard != 1300*time.Microsecond {
			t.Errorf("four seconds later: %+v", later.Estimate)
		}
		time.Sleep(2 * time.Second)
		if _, ok := b.of("device of a"); ok {
			t.Error("it is known though its instance is silent")
		}
		b.forget()
		if len(b.others) != 0 {
			t.Error("it isn't forgotten")
		}
		b.listen(listening, nil)
		a.tell("studio", []string{"device of a"})
		if _, ok := b.of("device of a"); ok {
			t.Error("it is heard of a session that isn't shared any more")
		}
	})
}

// FuzzQualities: whatever another instance says, no estimate comes of it that no estimator has.
func FuzzQualities(f *testing.F) {
	good, _ := json.Marshal(qualityMessage{"a", []deviceQuality{sent("d", session.Quality{Path: "udp"})}})
	f.Add(string(good))
	f.Add(`{"instance":"a","devices":[{"id":"d","bound":-1},{"id":"d","state":9},{"id":"d","skew":1e300}]}`)
	f.Fuzz(func(t *testing.T, message string) {
		q := newQualities(nil, "b", session.Quality{})
		q.hear([]byte(message))
		for id := range q.others {
			quality, ok := q.of(id)
			if e := quality.Estimate; !ok || e.Bound < 0 || e.Hard < 0 || e.State > clock.Holdover {
				t.Fatalf("%+v", e)
			}
		}
	})
}
