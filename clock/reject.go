package clock

import (
	"slices"
	"time"
)

// Reason says why an exchange was not used.
type Reason string

// The reasons of a RejectError.
const (
	ReasonRange     Reason = "out of range"        // stamps too large to subtract, or far from the last ones
	ReasonOrder     Reason = "stamps out of order" // T4 before T1 or T3 before T2
	ReasonResidence Reason = "residence longer than the round trip"
	ReasonSlow      Reason = "round trip too long"
	ReasonOld       Reason = "older than the last exchanges"
	ReasonDuplicate Reason = "duplicate"
	ReasonSuspect   Reason = "contradicts the belief" // held back; used if the next ones agree with it
)

// RejectError is what Add returns for an exchange that it didn't use.
type RejectError struct{ Reason Reason }

// Error names the reason.
func (e *RejectError) Error() string { return "clock: exchange rejected: " + string(e.Reason) }

// One value per reason, so that garbage costs no allocations.
var (
	errRange     = &RejectError{ReasonRange}
	errOrder     = &RejectError{ReasonOrder}
	errResidence = &RejectError{ReasonResidence}
	errSlow      = &RejectError{ReasonSlow}
	errOld       = &RejectError{ReasonOld}
	errDuplicate = &RejectError{ReasonDuplicate}
	errSuspect   = &RejectError{ReasonSuspect}
)

const (
	maxStamp     = 1 << 62          // differences of two such stamps fit an int64
	maxRoundTrip = 30 * time.Second // nothing is learnt from a slower exchange
	maxReorder   = 30 * time.Second // an exchange that comes later than this is history
	maxGap       = 6 * time.Hour    // a longer silence is garbage, or a new beginning
	rangeRetries = 4                // exchanges in a row beyond maxGap that make a new beginning
)

// check tells whether the four stamps can belong to one exchange, however coarse
// the device's clock.
func check(x Exchange) *RejectError {
	for _, t := range [...]int64{int64(x.T1), int64(x.T2), int64(x.T3), int64(x.T4)} {
		if t <= -maxStamp || t >= maxStamp {
			return errRange
		}
	}
	switch {
	case x.T1 < 0:
		return errRange
	case x.T4 < x.T1 || x.T3 < x.T2:
		return errOrder
	case x.T4.Sub(x.T1) > maxRoundTrip:
		return errSlow
	}
	return nil
}

// recent remembers the last T1s, to find duplicates.
type recent struct {
	t    [64]SessionTime
	next int
	n    int
}

func (r *recent) has(t SessionTime) bool {
	return slices.Contains(r.t[:r.n], t)
}

func (r *recent) add(t SessionTime) {
	r.t[r.next] = t
	r.next = (r.next + 1) % len(r.t)
	r.n = min(r.n+1, len(r.t))
}
