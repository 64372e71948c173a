package clock

import "time"

const (
	burstLeast   = 20 // pings of the joining burst when the bound is good by then
	burstMost    = 40
	burstGap     = 10 * time.Millisecond // and up to half as much again
	goodBound    = 30 * time.Microsecond
	surprisePing = 8  // quick pings upon a suspicion
	commandPings = 12 // of the burst before a command
	commandGap   = 15 * time.Millisecond
	steadyLeast  = 4 * time.Second
	steadyMost   = 17 * time.Second
	firstVolleys = 3                      // after joining: half a second, one and two seconds later
	learning     = 60                     // pings while the skew is learnt: about a minute
	volleyMost   = 4                      // pings in a row
	volleyEnd    = 400 * time.Millisecond // a silence of so long ends a volley
	wakeGap      = 110 * time.Millisecond // how long to wait for a radio to wake: a beacon's interval
	goodEnough   = 250 * time.Microsecond // bound that the longest interval may lead to
	worthPart    = 1. / 5                 // of the bound: what pings must take off it to be sent for that
	maxWindows   = 4
)

// window is a span of session time in which pings are frequent.
type window struct{ from, to SessionTime }

// schedule is the state that the instants of pings depend on.
type schedule struct {
	seed     uint64
	sent     uint64 // pings, ever: the jitter's counter
	joining  int    // pings since the joining burst began
	after    int    // volleys since it ended
	volley   int    // pings in this volley
	quick    int    // quick pings since the suspicion
	lost     int    // pings since the last answer
	last     SessionTime
	windows  [maxWindows]window // in order of from
	nWindows int
}

// restart begins a new joining burst.
func (p *schedule) restart() { p.joining, p.after, p.volley, p.quick, p.lost = 0, 0, 0, 0, 0 }

// jittered returns d to d·3/2, by the seed and the number of pings.
func (p *schedule) jittered(d time.Duration) time.Duration {
	z := p.seed + (p.sent+1)*0x9e3779b97f4a7c15 // SplitMix64
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return d + time.Duration(float64(d)*0.5*float64(z>>11)/(1<<53))
}

// due returns when the next ping is to leave, if the pings outside of windows
// are gap apart, and those of a window are left out unless they pay.
func (p *schedule) due(gap time.Duration, pays func(to SessionTime) bool) SessionTime {
	if p.sent == 0 {
		return 0
	}
	next := p.last.Add(gap)
	for _, w := range p.windows[:p.nWindows] {
		at := max(w.from, p.last.Add(p.jittered(commandGap*2/3)))
		if at < min(w.to, next) && pays(w.to) {
			next = at
		}
	}
	return next
}

// note takes note of a ping that left at t1.
func (p *schedule) note(t1 SessionTime) {
	p.sent++
	p.lost++
	p.last = t1
	for p.nWindows > 0 && p.windows[0].to <= t1 {
		p.drop(0)
	}
}

func (p *schedule) drop(i int) {
	copy(p.windows[i:], p.windows[i+1:p.nWindows])
	p.nWindows--
}

// burst adds the window of a burst that ends at to. Of more than maxWindows,
// the earliest stay: the others' commands can be asked for again.
func (p *schedule) burst(to SessionTime) {
	w := window{from: to.Add(-commandPings * commandGap), to: to}
	i := 0
	for i < p.nWindows && p.windows[i].to < to {
		i++
	}
	if i == maxWindows || i < p.nWindows && p.windows[i] == w {
		return
	}
	copy(p.windows[i+1:], p.windows[i:])
	p.windows[i] = w
	p.nWindows = min(p.nWindows+1, maxWindows)
}
