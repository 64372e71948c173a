package clock

import (
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever the path does, the truth stays within the hard bound as long as the
// clock doesn't step.
func TestHardBoundHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := NewEstimator(Config{Seed: rapid.Uint64().Draw(t, "seed")})
		offset := time.Duration(rapid.Int64Range(-2e18, 1e18).Draw(t, "offset"))
		skew := rapid.Float64Range(-550e-6, 550e-6).Draw(t, "skew")
		theta := func(at SessionTime) time.Duration {
			return offset + time.Duration(math.Round(skew*float64(at.Sub(day0))))
		}
		delay := rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(math.Exp(rapid.Float64Range(0, 20).Draw(t, "ln ns")))
		})
		at := day0
		for range rapid.IntRange(1, 200).Draw(t, "n") {
			at = at.Add(time.Duration(rapid.Int64Range(1, 20e9).Draw(t, "gap")))
			up := at.Add(delay.Draw(t, "there"))
			reply := up.Add(delay.Draw(t, "stay") / 1000)
			x := Exchange{T1: at, T2: DeviceTime(up.Add(theta(up))), T3: DeviceTime(reply.Add(theta(reply))), T4: reply.Add(delay.Draw(t, "back"))}
			_ = e.Add(x)
			for _, later := range []time.Duration{0, time.Second, time.Minute} {
				when := x.T4.Add(later)
				est := e.Estimate(when)
				if miss := (est.Offset - theta(when)).Abs(); est.State != Unsynced && miss > est.Hard+2 {
					t.Fatalf("error %v, hard bound %v", miss, est.Hard)
				}
				if est.Bound > est.Hard {
					t.Fatalf("99 %% bound %v above the hard bound %v", est.Bound, est.Hard)
				}
			}
		}
	})
}

func TestGarbageChangesNothing(t *testing.T) {
	stamp := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-10, 10), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, 1 << 62, -1 << 62, int64(day0)}))
	rapid.Check(t, func(t *rapid.T) {
		e, p := NewEstimator(Config{}), wiredPath(7)
		at := day0
		for range 60 {
			at = at.Add(20 * time.Millisecond)
			if err := e.Add(p.exchange(at)); err != nil {
				t.Fatal(err)
			}
		}
		when := at.Add(time.Millisecond)
		before := e.Estimate(when)
		x := Exchange{SessionTime(stamp.Draw(t, "t1")), DeviceTime(stamp.Draw(t, "t2")), DeviceTime(stamp.Draw(t, "t3")), SessionTime(stamp.Draw(t, "t4"))}
		err := e.Add(x)
		var rejected *RejectError
		if !errors.As(err, &rejected) {
			t.Fatalf("%+v was accepted", x)
		}
		after := e.Estimate(when)
		after.Rejected = before.Rejected
		if rejected.Reason != ReasonSuspect && after != before {
			t.Fatalf("%+v changed the estimate", x)
		}
		if after.Offset != before.Offset || after.Map.Epoch != before.Map.Epoch {
			t.Fatalf("%+v moved the offset by %v", x, after.Offset-before.Offset)
		}
		if err := e.Add(p.exchange(when)); err != nil {
			t.Fatalf("the next exchange: %v", err)
		}
	})
}

func TestRejects(t *testing.T) {
	good := Exchange{T1: day0, T2: 1_000_000, T3: 1_020_000, T4: day0 + 140_000}
	with := func(f func(*Exchange)) Exchange { x := good; f(&x); return x }
	for name, c := range map[string]struct {
		x    Exchange
		want Reason
	}{
		"T4 before T1":         {with(func(x *Exchange) { x.T4 = x.T1 - 1 }), ReasonOrder},
		"T3 before T2":         {with(func(x *Exchange) { x.T3 = x.T2 - 1 }), ReasonOrder},
		"negative T1":          {with(func(x *Exchange) { x.T1 = -1 }), ReasonRange},
		"huge T2":              {with(func(x *Exchange) { x.T2 = math.MaxInt64 }), ReasonRange},
		"least T3":             {with(func(x *Exchange) { x.T3 = math.MinInt64 }), ReasonRange},
		"long residence":       {with(func(x *Exchange) { x.T3 = x.T2 + 50_000_001 }), ReasonResidence},
		"a minute's trip":      {with(func(x *Exchange) { x.T4 = x.T1.Add(time.Minute) }), ReasonSlow},
		"a year later":         {with(func(x *Exchange) { x.T1, x.T4 = x.T1.Add(8760*time.Hour), x.T4.Add(8760*time.Hour) }), ReasonRange},
		"a minute earlier":     {with(func(x *Exchange) { x.T1, x.T4 = x.T1.Add(-time.Minute), x.T4.Add(-time.Minute) }), ReasonOld},
		"the same again":       {good, ReasonDuplicate},
		"the same, other pong": {with(func(x *Exchange) { x.T2 += 5000; x.T3 += 5000; x.T4 += 5000 }), ReasonDuplicate},
		"a clock an hour off":  {with(func(x *Exchange) { x.T1++; x.T2 += 3600e9; x.T3 += 3600e9 }), ReasonSuspect},
	} {
		t.Run(name, func(t *testing.T) {
			e := NewEstimator(Config{})
			if err := e.Add(good); err != nil {
				t.Fatal(err)
			}
			var got *RejectError
			if err := e.Add(c.x); !errors.As(err, &got) || got.Reason != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if est := e.Estimate(day0); est.Exchanges != 1 || est.Rejected != 1 {
				t.Errorf("%d accepted, %d rejected", est.Exchanges, est.Rejected)
			}
		})
	}
}

func FuzzAdd(f *testing.F) {
	f.Add(int64(day0), int64(5), int64(6), int64(day0)+10, int64(1e9), uint8(3))
	f.Add(int64(math.MaxInt64), int64(math.MinInt64), int64(0), int64(1<<62-1), int64(-1), uint8(200))
	f.Fuzz(func(t *testing.T, t1, t2, t3, t4, step int64, n uint8) {
		e := NewEstimator(Config{})
		for range n {
			_ = e.Add(Exchange{SessionTime(t1), DeviceTime(t2), DeviceTime(t3), SessionTime(t4)})
			est := e.Estimate(SessionTime(t4))
			if est.Bound < 0 || est.Hard < est.Bound || math.IsNaN(est.Skew) || math.Abs(est.Skew) > maxSkew || math.IsNaN(est.Map.Growth) {
				t.Fatalf("%+v", est)
			}
			e.Sent(SessionTime(t1))
			e.Due()
			e.Burst(SessionTime(t4))
			t1, t2, t3, t4 = t1+step, t2^step, t3+step/3, t4+step
		}
	})
}
