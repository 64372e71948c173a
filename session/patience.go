package session

import (
	"maps"
	"slices"
	"time"
)

// waited is for how long the others have waited for a device.
type waited struct {
	Spent time.Duration `json:"spent"` // ns, as of At
	At    instant       `json:"at"`    // while it is waited for: when that began
}

const (
	// leastWait is what a wait counts at least: a pause for all is more than its length.
	leastWait = time.Second
	// regain is how much longer a device must go without being waited for to be waited for again.
	regain = 10
)

// spent returns how long the others have waited for a device, less what it has regained.
func (p *playback) spent(deviceID string, now instant) time.Duration {
	w := p.Waited[deviceID]
	if slices.Contains(p.waitingFor(), deviceID) {
		return w.Spent
	}
	return max(0, w.Spent-max(0, now.sub(w.At))/regain)
}

// leftBehind reports whether nobody waits for a device that has to load.
func (p *playback) leftBehind(deviceID string, now instant) bool {
	return p != nil && p.WaitForAll && (slices.Contains(p.Without, deviceID) || p.spent(deviceID, now) >= p.waitLimit())
}

// awaits notes that a device is waited for from now on.
func (p *playback) awaits(deviceID string, now instant) {
	w := waited{p.spent(deviceID, now), now}
	p.Waited = maps.Clone(p.Waited)
	if p.Waited == nil {
		p.Waited = map[string]waited{}
	}
	p.Waited[deviceID] = w
}

// charge notes that devices aren't waited for any more.
func (p *playback) charge(devices []string, now instant) {
	charged := map[string]waited{}
	for id, w := range p.Waited {
		if p.spent(id, now) > 0 || slices.Contains(p.waitingFor(), id) {
			charged[id] = w
		}
	}
	for _, id := range devices {
		w := p.Waited[id]
		charged[id] = waited{w.Spent + max(leastWait, now.sub(max(w.At, p.Hold.At))), now}
	}
	p.Waited = charged
}
