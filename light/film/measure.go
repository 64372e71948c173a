package film

import (
	"math"
	"math/rand/v2"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/light"
)

// Random returns a camera of those that are about before a screen of those that are about.
func Random(seed uint64) Setting {
	r := rand.New(rand.NewPCG(seed, 11))
	between := func(low, high float64) float64 { return low + r.Float64()*(high-low) }
	of := func(list ...float64) float64 { return list[r.IntN(len(list))] }
	s := Usual(seed)
	s.Start += between(0, 1e8)
	s.Refresh = of(60, 60, 50, 90, 120) * (1 + between(-1e-4, 1e-4))
	s.Phase = r.Float64()
	s.FrameRate = of(24, 25, 29.97, 30, 50, 59.94, 60) * (1 + between(-1e-4, 1e-4))
	interval := 1000 / s.FrameRate
	s.Exposure = math.Exp(between(0, math.Log(min(30, 0.95*interval))))
	s.Readout = between(0, min(30, 0.95*interval))
	s.Latency, s.Jitter = between(5, 130), between(0.2, 3)
	s.Fill, s.Tilt, s.Oblique = between(0.6, 0.8), between(-0.2, 0.2), between(-0.2, 0.2)
	s.Blur, s.Noise, s.Flicker = between(0.6, 1.8), between(1, 6), between(0, 0.02)
	s.Gamma, s.Gain = between(1.8, 2.6), between(140, 235)
	return s
}

// Measure shoots the film, reads it, and returns the fit and by how much its latency is too large, ms.
func Measure(s Setting) (fit light.Fit, wrong float64) {
	var f light.Film
	c := New(s)
	for range c.Frames() {
		shot := c.Shoot()
		f.Add(shot.Stamp, light.Read(shot.Frame))
	}
	near, err := clock.SessionFromMillis(s.Start)
	if err != nil {
		panic(err) // a film of the test's own
	}
	fit = f.Fit(light.Known{Near: near, Skew: light.SkewOfArrivals})
	return fit, fit.Latency - s.Latency
}
