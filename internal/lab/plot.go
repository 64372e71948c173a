package lab

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// plotPoint is a reading: the error and its 99 % bound in µs, at seconds.
type plotPoint struct{ at, err, bound float64 }

// The picture's size and the plot's margins in it, in pixels.
const (
	plotWidth, plotHeight           = 960, 420
	plotLeft, plotRight             = 80, 20
	plotTop, plotBottom             = 44, 52
	plotInnerWidth, plotInnerHeight = plotWidth - plotLeft - plotRight, plotHeight - plotTop - plotBottom
)

// plot turns readings into pixels.
type plot struct {
	span float64 // s, along x
	most float64 // µs, up and down
	unit float64 // µs in a unit of the labels
	name string  // of that unit
}

// writePlot draws error and ±bound over time as SVG. The scale is that of the
// readings from second `from` on; what is larger before it is cut off.
func writePlot(w io.Writer, title string, points []plotPoint, from float64) error {
	p := newPlot(points, from)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" font-family="sans-serif" font-size="13">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/><clipPath id="in"><rect x="%d" y="%d" width="%d" height="%d"/></clipPath>`+"\n", plotLeft, plotTop, plotInnerWidth, plotInnerHeight)
	p.axes(&b)
	upper, lower, line := p.curves(points)
	slices.Reverse(lower)
	fmt.Fprintf(&b, `<g clip-path="url(#in)"><polygon fill="#4a90d9" fill-opacity=".22" points="%s %s"/>`+"\n", strings.Join(upper, " "), strings.Join(lower, " "))
	fmt.Fprintf(&b, `<polyline fill="none" stroke="#c0392b" stroke-width="1.3" points="%s"/></g>`+"\n", strings.Join(line, " "))
	fmt.Fprintf(&b, `<text x="%d" y="26" font-size="15">%s: <tspan fill="#c0392b">error of the offset</tspan> within its <tspan fill="#2c6cab">±99 %% bound</tspan></text>`+"\n</svg>\n", plotLeft, title)
	_, err := io.WriteString(w, b.String())
	return err
}

func newPlot(points []plotPoint, from float64) plot {
	p := plot{unit: 1, name: "µs"}
	var bounds []float64
	for _, q := range points {
		p.span = max(p.span, q.at)
		if q.at >= from {
			bounds = append(bounds, q.bound)
			p.most = max(p.most, math.Abs(q.err))
		}
	}
	p.span = max(p.span, 1)
	p.most = 1.15 * max(p.most, Quantile(bounds, .98), 0.1)
	if p.most > 2000 {
		p.unit, p.name = 1000, "ms"
	}
	return p
}

func (p plot) x(s float64) float64 { return plotLeft + s/p.span*plotInnerWidth }

// y returns the height of v µs, a little outside of the plot at most.
func (p plot) y(v float64) float64 {
	return plotTop + plotInnerHeight/2*(1-min(max(v/p.most, -1.5), 1.5))
}

// curves returns the band's edges and the error's line. Of the readings in one
// column of pixels the largest bound, the least and the largest error are drawn.
func (p plot) curves(points []plotPoint) (upper, lower, line []string) {
	at := func(x, v float64) string { return fmt.Sprintf("%.1f,%.1f", x, p.y(v)) }
	for i := 0; i < len(points); {
		x := math.Floor(p.x(points[i].at))
		lo, hi := points[i], points[i]
		bound := 0.0
		for ; i < len(points) && math.Floor(p.x(points[i].at)) == x; i++ {
			bound = max(bound, points[i].bound)
			if points[i].err < lo.err {
				lo = points[i]
			}
			if points[i].err > hi.err {
				hi = points[i]
			}
		}
		upper, lower = append(upper, at(x, bound)), append(lower, at(x, -bound))
		if line = append(line, at(x, lo.err)); hi.err > lo.err {
			line = append(line, at(x, hi.err))
		}
	}
	return upper, lower, line
}

// axes draws the grid with its labels.
func (p plot) axes(b *strings.Builder) {
	bottom := plotTop + plotInnerHeight
	step := tick(2 * p.most / p.unit / 7)
	for v := -math.Floor(p.most/p.unit/step) * step; v*p.unit <= p.most; v += step {
		v = math.Round(v/step) * step
		y, colour := p.y(v*p.unit), "#ddd"
		if v == 0 {
			colour = "#777"
		}
		fmt.Fprintf(b, `<path stroke="%s" d="M%d %.1fH%d"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			colour, plotLeft, y, plotLeft+plotInnerWidth, plotLeft-8, y+4.5, label(v, step))
	}
	unit, name := 1.0, "s"
	if p.span > 600 {
		unit, name = 60, "min"
	}
	if p.span > 36000 {
		unit, name = 3600, "h"
	}
	step = tick(p.span / unit / 10)
	for n := 0.0; n*step*unit <= p.span*1.0001; n++ {
		x := p.x(n * step * unit)
		fmt.Fprintf(b, `<path stroke="#ddd" d="M%.1f %dV%d"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", x, plotTop, bottom, x, bottom+19, label(n*step, step))
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">session time since the start, %s</text>`+"\n", plotLeft+plotInnerWidth/2, bottom+42, name)
	fmt.Fprintf(b, `<text transform="translate(18 %d) rotate(-90)" text-anchor="middle">estimated − true offset, %s</text>`+"\n", plotTop+plotInnerHeight/2, p.name)
}

// tick returns the first of 1, 2, 5, 10, 20, … that is not less than x.
func tick(x float64) float64 {
	ten := math.Pow(10, math.Floor(math.Log10(x)))
	for _, m := range []float64{1, 2, 5} {
		if m*ten >= x {
			return m * ten
		}
	}
	return 10 * ten
}

// label writes v with as many decimals as step has.
func label(v, step float64) string {
	return fmt.Sprintf("%.*f", max(0, int(-math.Floor(math.Log10(step)))), v)
}
