package clock_test

import (
	"fmt"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// A device whose clock reads 5 s when the session's reads 1000 s: each way
// takes 200 µs, the answer 50 µs.
func ExampleEstimator() {
	e := clock.NewEstimator(clock.Config{Seed: 1})
	start := clock.SessionTime(1000 * time.Second)
	for i := range 30 {
		t1 := start.Add(time.Duration(i) * 12 * time.Millisecond)
		e.Sent(t1)
		t2 := clock.DeviceTime(t1.Add(200*time.Microsecond - 995*time.Second))
		err := e.Add(clock.Exchange{T1: t1, T2: t2, T3: t2.Add(50 * time.Microsecond), T4: t1.Add(450 * time.Microsecond)})
		if err != nil {
			fmt.Println(err)
		}
	}
	now := start.Add(400 * time.Millisecond)
	est := e.Estimate(now)
	fmt.Println("offset", est.Offset.Round(time.Millisecond), "delay", est.Delay.Round(time.Microsecond), est.State)

	var f clock.Follower
	f.Set(est.Map, est.Map.Device)
	fmt.Println("a command 100 ms from now is due at device time", time.Duration(f.Device(now.Add(100*time.Millisecond))).Round(time.Millisecond))
	// Output:
	// offset -16m35s delay 400µs settling
	// a command 100 ms from now is due at device time 5.5s
}
