// Package film makes films of a light of which the truth is known: a camera with exposure,
// rolling shutter, noise, blur and tilt before a screen of its own refresh. Seeded, in
// simulated time.
package film

import (
	"math"
	"math/rand/v2"

	"github.com/downbeat-sync/downbeat/light"
)

// A Setting is a camera before a screen. Times are in ms of session time.
type Setting struct {
	Seed uint64

	Start   float64 // of the film: the first frame's capture is within one frame of it
	Seconds float64

	Refresh float64 // of the screen, Hz
	Phase   float64 // of its refreshes, 0 to 1

	FrameRate float64
	Exposure  float64 // ms
	Readout   float64 // from the first row to the last, ms
	Latency   float64 // capture to arrival at the least, ms
	Jitter    float64 // of arrivals, mean, ms
	Variable  float64 // how much intervals between frames vary, a part of them

	Width, Height int
	Fill          float64 // of the frame's width that the screen takes
	Tilt          float64 // radians, within the picture
	Oblique       float64 // perspective: how much smaller the far side is, a part
	Blur          float64 // standard deviation, pixels
	Noise         float64 // standard deviation, of 255
	Flicker       float64 // of the room's and the panel's brightness, a part
	Gamma         float64
	Gain          float64 // how bright white is, of 255
	Mirrored      bool
	Lights        int     // 0: no light is there
	Shift         float64 // of the screen to the right, a part of the frame's width
}

// Usual is a camera of 30 frames a second before a screen of 60 Hz.
func Usual(seed uint64) Setting {
	return Setting{
		Seed: seed, Start: 1795588765989, Seconds: 5, Refresh: 60, Phase: 0.3, FrameRate: 29.97, Exposure: 8, Readout: 15, Latency: 65,
		Jitter: 1, Width: 480, Height: 270, Fill: 0.7, Blur: 0.9, Noise: 3, Gamma: 2.2, Gain: 220, Lights: 1,
	}
}

// A Shot is one frame of a film.
type Shot struct {
	light.Frame
	Capture float64 // the truth: middle of the exposure of the middle row
	Stamp   float64 // when it arrived
}

// Camera takes the shots of a setting one after the other.
type Camera struct {
	Setting
	random *rand.Rand
	screen screen
	places []uint8 // of each pixel: which of the values
	noise  []float32
	linear []float32
	blurry []float32
	curve  [1025]float32
	index  int
	next   float64
}

// New returns a camera before its screen.
func New(s Setting) *Camera {
	c := &Camera{
		Setting: s, random: rand.New(rand.NewPCG(s.Seed, 7)), screen: screen{period: 1000 / s.Refresh, phase: s.Phase * 1000 / s.Refresh},
		linear: make([]float32, s.Width*s.Height), blurry: make([]float32, s.Width*s.Height), noise: make([]float32, 1<<16),
	}
	c.next = s.Start + c.random.Float64()*1000/s.FrameRate
	for i := range c.noise {
		c.noise[i] = float32(c.random.NormFloat64() * s.Noise)
	}
	for i := range c.curve {
		c.curve[i] = float32(6 + s.Gain*math.Pow(float64(i)/1024, 1/s.Gamma))
	}
	c.place()
	return c
}

// Frames is how many shots the film has.
func (c *Camera) Frames() int { return int(c.Seconds * c.FrameRate) }

// Shoot takes the next shot.
func (c *Camera) Shoot() Shot {
	capture := c.next
	interval := 1000 / c.FrameRate
	c.next += interval * (1 + c.Variable*(2*c.random.Float64()-1))
	c.index++
	stamp := capture + c.Latency + c.random.ExpFloat64()*c.Jitter
	c.expose(capture)
	c.blur()
	return Shot{Frame: c.develop(), Capture: capture, Stamp: stamp}
}

// expose fills linear with the light that each pixel got.
func (c *Camera) expose(capture float64) {
	values := [256]float32{}
	for y := range c.Height {
		middle := capture + c.Readout*((float64(y)+0.5)/float64(c.Height)-0.5)
		c.screen.integrate(middle-c.Exposure/2, middle+c.Exposure/2, &values)
		shine := float32(1 + c.Flicker*math.Sin(2*math.Pi*middle/10.0+1))
		for x, place := range c.places[y*c.Width : (y+1)*c.Width] {
			c.linear[y*c.Width+x] = values[place] * shine
		}
	}
}

// develop turns light into pixels.
func (c *Camera) develop() light.Frame {
	luma := make([]byte, c.Width*c.Height)
	at := c.random.IntN(len(c.noise))
	for i, v := range c.linear {
		n := c.noise[(at+i)&(len(c.noise)-1)]
		if i%977 == 0 {
			at = c.random.IntN(len(c.noise))
		}
		luma[i] = byte(min(max(c.curve[int(min(max(v, 0), 1)*1024)]+n, 0), 255))
	}
	return light.Frame{Width: c.Width, Height: c.Height, Stride: c.Width, Luma: luma}
}
