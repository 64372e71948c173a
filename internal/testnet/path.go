package testnet

import (
	"math"
	"time"
)

// Path is one direction between two hosts: how long what is sent at an instant
// takes, and whether it is lost. It must be safe for concurrent use; one that
// depends on the instant alone lets a run repeat itself even where goroutines
// change places.
type Path func(at time.Time) (delay time.Duration, lost bool)

// Constant is a path without queueing.
func Constant(d time.Duration) Path {
	return func(time.Time) (time.Duration, bool) { return d, false }
}

// Queueing is a floor and an exponential queue upon it.
func Queueing(seed uint64, floor, mean time.Duration) Path {
	return func(at time.Time) (time.Duration, bool) {
		return floor + time.Duration(-math.Log(1-uniform(seed, at))*float64(mean)), false
	}
}

// Lossy is p with a share of what is sent lost.
func Lossy(seed uint64, share float64, p Path) Path {
	return func(at time.Time) (time.Duration, bool) {
		d, lost := p(at)
		return d, lost || uniform(seed, at) < share
	}
}

// uniform returns a number of [0, 1) that depends on seed and at alone.
func uniform(seed uint64, at time.Time) float64 {
	z := seed*0x9e3779b97f4a7c15 + uint64(at.UnixNano())
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>11) / (1 << 53)
}
