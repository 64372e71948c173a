package session

import (
	"math"
	"slices"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/clock"
)

const (
	desyncsKept = 256         // errors of a device that its quantiles are of
	desyncNear  = time.Minute // a report of another time isn't counted
)

// DesyncStats tells how far a device's medium was from the timeline, as far as
// it reported so: reported position less the timeline's, so positive is ahead.
type DesyncStats struct {
	Count     int               `json:"count"` // of all reports
	Timestamp clock.SessionTime `json:"timestamp"`
	LastMs    float64           `json:"lastMs"` // signed, as of Timestamp
	P50Ms     float64           `json:"p50Ms"`  // without sign, of the latest 256
	P95Ms     float64           `json:"p95Ms"`
	MaxMs     float64           `json:"maxMs"` // without sign, of all reports
}

// desyncs are one device's reports.
type desyncs struct {
	stats  DesyncStats
	recent []float64 // ms without sign, the oldest overwritten first
}

// desynced counts a member's report. Called with room.mu held.
func (r *room) desynced(deviceID string, position float64, at clock.SessionTime, now rules.Instant) {
	p := r.state.Playback
	if off := now.Time().Sub(at); p == nil || off.Abs() > desyncNear {
		return
	}
	d := r.desyncs[deviceID]
	if d == nil {
		r.forgetDesyncs()
		d = &desyncs{}
		r.desyncs[deviceID] = d
	}
	when := rules.InstantOf(at)
	d.add(p.At(when).Ahead(position, when)*1000, at)
}

// forgetDesyncs drops those of devices that have left.
func (r *room) forgetDesyncs() {
	for deviceID := range r.desyncs {
		if _, d := r.state.Device(deviceID); d == nil {
			delete(r.desyncs, deviceID)
		}
	}
}

func (d *desyncs) add(ms float64, at clock.SessionTime) {
	if len(d.recent) < desyncsKept {
		d.recent = append(d.recent, math.Abs(ms))
	} else {
		d.recent[d.stats.Count%desyncsKept] = math.Abs(ms)
	}
	d.stats.Count++
	d.stats.LastMs, d.stats.Timestamp = ms, at
	d.stats.MaxMs = max(d.stats.MaxMs, math.Abs(ms))
}

// desyncOf returns what is known of a device's reports, nil without any.
func (r *room) desyncOf(deviceID string) *DesyncStats {
	d := r.desyncs[deviceID]
	if d == nil {
		return nil
	}
	s := d.stats
	sorted := slices.Sorted(slices.Values(d.recent))
	quantile := func(q float64) float64 { return sorted[int(math.Ceil(q*float64(len(sorted))))-1] }
	s.P50Ms, s.P95Ms = quantile(0.5), quantile(0.95)
	return &s
}

// Desync is a member's complaint answered: data of desync_recovery.
type Desync struct {
	AuthoritativeState AuthoritativeState `json:"authoritativeState"`
	ReportedPosition   float64            `json:"reportedPosition"`
	ReportedTime       clock.SessionTime  `json:"reportedTime"`
}

// AuthoritativeState is where the medium is, at Timestamp.
type AuthoritativeState struct {
	rules.PlaybackState
	Timestamp clock.SessionTime `json:"timestamp"`
}
