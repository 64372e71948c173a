package film

import (
	"math"

	"github.com/downbeat-sync/downbeat/light"
)

// place finds for each pixel what of the screen it sees.
func (c *Camera) place() {
	c.places = make([]uint8, c.Width*c.Height)
	for i := range c.places {
		c.places[i] = room
	}
	for l := range c.Lights {
		shift := c.Shift
		if c.Lights > 1 {
			shift = float64(l)/float64(c.Lights) - 0.25
		}
		c.placeLight(c.Fill/float64(c.Lights), shift)
	}
}

func (c *Camera) placeLight(fill, shift float64) {
	unit := fill * float64(c.Width) / light.Width
	sin, cos := math.Sincos(c.Tilt)
	for y := range c.Height {
		for x := range c.Width {
			dx, dy := float64(x)+0.5-float64(c.Width)*(0.5+shift), float64(y)+0.5-float64(c.Height)/2
			u, v := (dx*cos+dy*sin)/unit, (dy*cos-dx*sin)/unit
			depth := 1 - c.Oblique*u/light.Width
			u, v = u/depth, v/depth
			if c.Mirrored {
				u = -u
			}
			u, v = u+light.Width/2.0, v+light.Height/2.0
			if u > -1 && v > -1 && u < light.Width+1 && v < light.Height+1 {
				c.places[y*c.Width+x] = valueOf(light.At(u, v))
			}
		}
	}
}

// blur spreads light over its neighbours.
func (c *Camera) blur() {
	if c.Blur <= 0 {
		return
	}
	var kernel [33]float32
	r, sum := min(int(c.Blur*2.5)+1, 16), float32(0)
	for i := range 2*r + 1 {
		kernel[i] = float32(math.Exp(-float64((i-r)*(i-r)) / (2 * c.Blur * c.Blur)))
		sum += kernel[i]
	}
	for i := range 2*r + 1 {
		kernel[i] /= sum
	}
	c.spread(c.linear, c.blurry, 1, kernel[:2*r+1])
	c.spread(c.blurry, c.linear, c.Width, kernel[:2*r+1])
}

// spread runs a kernel over rows (step 1) or columns (step width); at the margin the light stays as it is.
func (c *Camera) spread(from, to []float32, step int, kernel []float32) {
	r := len(kernel) / 2
	copy(to, from)
	for i := r * step; i < len(from)-r*step; i++ {
		sum := float32(0)
		for k, part := range kernel {
			sum += part * from[i+(k-r)*step]
		}
		to[i] = sum
	}
}
