package rules

import (
	"maps"
	"slices"
	"time"
)

// waited is for how long the others have waited for a device.
type waited struct {
	Spent time.Duration `json:"spent"` // ns, as of At
	At    Instant       `json:"at"`    // while it is waited for: when that began
}

const (
	// LeastWait is what a wait counts at least: a pause for all is more than its length.
	LeastWait = time.Second
	// regain is how much longer a device must go without being waited for to be waited for again.
	Regain = 10
)

// spent returns how long the others have waited for a device, less what it has regained.
func (p *Playback) spent(deviceID string, now Instant) time.Duration {
	w := p.Waited[deviceID]
	if slices.Contains(p.waitingFor(), deviceID) {
		return w.Spent
	}
	return max(0, w.Spent-max(0, now.Sub(w.At))/Regain)
}

// LeftBehind reports whether nobody waits for a device that has to load.
func (p *Playback) LeftBehind(deviceID string, now Instant) bool {
	return p != nil && p.WaitForAll && (slices.Contains(p.Without, deviceID) || p.spent(deviceID, now) >= p.waitLimit())
}

// awaits notes that a device is waited for from now on.
func (p *Playback) awaits(deviceID string, now Instant) {
	w := waited{p.spent(deviceID, now), now}
	p.Waited = maps.Clone(p.Waited)
	if p.Waited == nil {
		p.Waited = map[string]waited{}
	}
	p.Waited[deviceID] = w
}

// charge notes that devices aren't waited for any more.
func (p *Playback) charge(devices []string, now Instant) {
	charged := map[string]waited{}
	for id, w := range p.Waited {
		if p.spent(id, now) > 0 || slices.Contains(p.waitingFor(), id) {
			charged[id] = w
		}
	}
	for _, id := range devices {
		w := p.Waited[id]
		charged[id] = waited{w.Spent + max(LeastWait, now.Sub(max(w.At, p.Hold.At))), now}
	}
	p.Waited = charged
}
