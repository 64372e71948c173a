package peer

import (
	"errors"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/frame"
)

const t0 = clock.SessionTime(1_800_000_000_000_000_000)

func TestTrackKeepsItsDistance(t *testing.T) {
	tr := newTrack(1)
	if got := tr.next(); got > t0 {
		t.Errorf("the first ping is due at %d, want at once", got)
	}
	tr.begin(1, t0)
	if got := tr.next(); got < t0.Add(minGap) {
		t.Errorf("the second ping is due after %v, want %v or more", got.Sub(t0), minGap)
	}
}

func TestPublisherCountsEpochs(t *testing.T) {
	ws, data := newTrack(1), newTrack(2)
	at := func(session time.Duration, epoch uint16) clock.Map {
		return clock.Map{Session: t0.Add(session), Epoch: epoch, Valid: true}
	}
	tests := []struct {
		name string
		from *track
		m    clock.Map
		want uint16
	}{
		{"nothing known", ws, clock.Map{}, 0},
		{"first map", ws, at(0, 5), 1},
		{"slewed", ws, at(time.Millisecond, 5), 1},
		{"stepped", ws, at(time.Second, 6), 2},
		{"other path, near", data, at(time.Second+100*time.Microsecond, 1), 2},
		{"other path, its epoch", data, at(time.Second, 2), 3},
		{"first path again, far", ws, at(2*time.Second, 6), 4},
		{"forgotten", ws, clock.Map{}, 4},
	}
	var p publisher
	for _, tt := range tests {
		if got := p.publish(clock.Estimate{Map: tt.m}, tt.from).Map.Epoch; got != tt.want {
			t.Errorf("%s: epoch %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestPrefer(t *testing.T) {
	est := func(s clock.State, bound time.Duration) clock.Estimate {
		return clock.Estimate{State: s, Bound: bound, Map: clock.Map{Valid: s != clock.Unsynced}}
	}
	tests := []struct {
		name              string
		data, ws          clock.Estimate
		up, already, want bool
	}{
		{"nothing known", est(clock.Unsynced, 0), est(clock.Unsynced, 0), true, false, false},
		{"only the WebSocket", est(clock.Unsynced, 0), est(clock.Tracking, 9), true, false, false},
		{"only the data channel", est(clock.Settling, 9), est(clock.Unsynced, 0), true, false, true},
		{"settling, worse", est(clock.Settling, 9), est(clock.Tracking, 8), true, false, false},
		{"settling, as good", est(clock.Settling, 8), est(clock.Tracking, 8), true, false, true},
		{"settling, worse, but chosen", est(clock.Settling, 9), est(clock.Tracking, 8), true, true, true},
		{"silent, worse, though chosen", est(clock.Holdover, 9), est(clock.Tracking, 8), true, true, false},
		{"down, worse, though chosen", est(clock.Tracking, 9), est(clock.Tracking, 8), false, true, false},
		{"tracking, worse", est(clock.Tracking, 9), est(clock.Tracking, 8), true, false, true},
		{"down, still good", est(clock.Tracking, 7), est(clock.Tracking, 8), false, false, true},
		{"down, worse", est(clock.Tracking, 9), est(clock.Tracking, 8), false, false, false},
		{"silent, worse", est(clock.Holdover, 9), est(clock.Tracking, 8), true, false, false},
	}
	for _, tt := range tests {
		if got := prefer(tt.data, tt.ws, tt.up, tt.already); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestHandleFrame feeds a Device that is not run by hand.
func TestHandleFrame(t *testing.T) {
	r := newRig(t, Config{}, DeviceConfig{}, DialConfig{})
	d := r.server.NewDevice(DeviceConfig{SendFrame: func([]byte) error { return nil }})
	if err := d.HandleFrame([]byte("hello"), t0); !errors.Is(err, ErrBadFrame) {
		t.Errorf("nonsense: %v, want ErrBadFrame", err)
	}
	must(t, d.HandleFrame(frame.Pong{Nonce: 1}.Append(nil), t0))
	if s := d.Status(); s.Stray != 1 || s.Estimate.Exchanges != 0 {
		t.Errorf("a pong to no ping: %d stray, %d exchanges", s.Stray, s.Estimate.Exchanges)
	}

	answer := func(n uint64, at clock.SessionTime, p frame.Pong) {
		t.Helper()
		d.ws.begin(n, at)
		p.Nonce = n
		must(t, d.HandleFrame(p.Append(nil), at.Add(2*time.Millisecond)))
	}
	for n := range uint64(3) {
		at := time.Duration(n) * 20_123_457 // no round stamps: they would look coarse
		answer(10+n, t0.Add(at), frame.Pong{T2: clock.DeviceTime(at), T3: clock.DeviceTime(at), Hidden: true})
	}
	if s := d.Status(); !s.Hidden || s.Estimate.Exchanges != 3 {
		t.Errorf("hidden %v, %d exchanges", s.Hidden, s.Estimate.Exchanges)
	}
	answer(20, t0.Add(time.Second), frame.Pong{T2: 98_765_431, T3: 98_765_432, Stopped: true})
	got := d.ws.est.Estimate(t0.Add(time.Second)).Map
	if off := got.At(98_765_431).Sub(t0.Add(time.Second + time.Millisecond)).Abs(); off > 10*time.Microsecond {
		t.Errorf("after the clock stopped, the map is off by %v", off)
	}
}

// TestSendFrameFails: what could not be sent is lost, and pings go on.
func TestSendFrameFails(t *testing.T) {
	r := newRig(t, Config{}, DeviceConfig{}, DialConfig{})
	tried := make(chan struct{}, 100)
	d := r.server.NewDevice(DeviceConfig{SendFrame: func([]byte) error {
		tried <- struct{}{}
		return errors.New("no socket")
	}})
	ctx := t.Context()
	r.run.Go(func() { d.Run(ctx) })
	<-tried
	<-tried
	eventually(t, "lost pings", func() bool { s := d.Status(); return s.Lost >= 2 && s.Stray == 0 })
}
