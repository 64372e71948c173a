package clock_test

import (
	"encoding/json"
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
	// offset -16m35s delay 400µs tracking
	// a command 100 ms from now is due at device time 5.5s
}

// The loop of a server that measures one device over a path of its own: it sleeps until Due,
// sends a ping with the present map, and gives the four stamps of each answer to the
// estimator. Every tenth ping is lost here; a burst of pings goes before a command at 8 s.
func ExampleEstimator_Due() {
	start := clock.SessionTime(1000 * time.Second)
	device := func(at clock.SessionTime) clock.DeviceTime { return clock.DeviceTime(at.Add(-995 * time.Second)) }

	e := clock.NewEstimator(clock.Config{Seed: 1})
	var pings clock.Pings
	e.Burst(start.Add(8 * time.Second)) // sent only if it would tighten the bound, which is good without it here
	burst := 0
	for now, nonce := start, uint64(1); now < start.Add(10*time.Second); nonce++ { // a real one draws its nonces from crypto/rand
		now = max(now, e.Due()) // a real one sleeps until then
		if left := start.Add(8 * time.Second).Sub(now); left > 0 && left < 200*time.Millisecond {
			burst++
		}
		pings.Begin(nonce, now)
		e.Sent(now) // a real one sends the nonce and e.Estimate(now).Map
		if nonce%10 == 0 {
			continue
		}
		t2 := device(now.Add(200 * time.Microsecond)) // the device stamps T2 and T3
		t3 := t2.Add(50 * time.Microsecond)
		now = now.Add(450 * time.Microsecond)
		if t1, ok := pings.Answered(nonce); ok {
			if err := e.Add(clock.Exchange{T1: t1, T2: t2, T3: t3, T4: now}); err != nil {
				fmt.Println(err) // it wasn't used: a *clock.RejectError
			}
		}
	}
	pings.Expire(start.Add(20 * time.Second))
	est := e.Estimate(start.Add(10 * time.Second))
	fmt.Println("offset", est.Offset.Round(time.Millisecond), est.State, "bound below 50 µs:", est.Bound < 50*time.Microsecond)
	fmt.Println("lost a tenth:", pings.Lost == pings.Sent/10, "burst:", burst >= 10)
	// Output:
	// offset -16m35s tracking bound below 50 µs: true
	// lost a tenth: true burst: false
}

// A device follows the maps that it is sent, in whatever order they arrive.
func ExampleFollower() {
	first := clock.Map{Device: 0, Session: 1000e9, Bound: 40 * time.Microsecond, Epoch: 1, Valid: true}
	second := first
	second.Device, second.Session = 1e9, 1001e9 // a second later

	var f clock.Follower
	for _, wire := range [][]byte{second.Append(nil), first.Append(nil)} { // the first one was overtaken
		m, err := clock.ParseMap(wire)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("followed:", f.Set(m, 1e9))
	}
	at := clock.SessionTime(1003e9)
	fmt.Println("set the timer for device time", time.Duration(f.Device(at)), "±", f.Bound(1e9))
	// Output:
	// followed: true
	// followed: false
	// set the timer for device time 3s ± 40µs
}

// Session time in JSON is a number of milliseconds.
func ExampleSessionTime() {
	var at clock.SessionTime
	if err := json.Unmarshal([]byte("1764259200123.456"), &at); err != nil {
		fmt.Println(err)
	}
	b, _ := json.Marshal(at.Add(time.Millisecond))
	fmt.Println(at.ISO(), string(b))
	// Output: 2025-11-27T16:00:00.123Z 1764259200124.456
}
