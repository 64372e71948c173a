package utc

import (
	"errors"
	"net"
	"strings"

	"github.com/beevik/ntp"

	"github.com/downbeat-sync/downbeat/clock"
)

// Reason says why a query brought nothing.
type Reason string

// The reasons; Reasons lists them.
const (
	ReasonTimeout        Reason = "timeout"        // no answer in time
	ReasonNetwork        Reason = "network"        // no such name, no route, nobody listens
	ReasonMismatch       Reason = "mismatch"       // answers another question: wrong origin timestamp
	ReasonMalformed      Reason = "malformed"      // no NTP answer at all
	ReasonKiss           Reason = "kiss of death"  // the server wants to be asked less, or not at all
	ReasonUnsynchronised Reason = "unsynchronised" // stratum 16, leap indicator 3, or a stale reference
	ReasonDistance       Reason = "root distance"  // too far from its reference clock
	ReasonExchange       Reason = "exchange"       // its stamps make no sense beside ours or those before
)

// Reasons are all there are.
var Reasons = []Reason{
	ReasonTimeout, ReasonNetwork, ReasonMismatch, ReasonMalformed, ReasonKiss,
	ReasonUnsynchronised, ReasonDistance, ReasonExchange,
}

// reasonOf tells what an error of a query was.
func reasonOf(err error) Reason {
	var timeout net.Error
	var operation *net.OpError
	var name *net.DNSError
	var rejected *clock.RejectError
	switch {
	case errors.As(err, &rejected):
		return ReasonExchange
	case errors.Is(err, ntp.ErrKissOfDeath):
		return ReasonKiss
	case errors.Is(err, ntp.ErrServerResponseMismatch):
		return ReasonMismatch
	case errors.Is(err, ntp.ErrInvalidDispersion):
		return ReasonDistance
	case errors.Is(err, ntp.ErrInvalidStratum), errors.Is(err, ntp.ErrInvalidLeapSecond),
		errors.Is(err, ntp.ErrServerClockFreshness):
		return ReasonUnsynchronised
	case errors.As(err, &timeout) && timeout.Timeout():
		return ReasonTimeout
	case errors.As(err, &operation), errors.As(err, &name):
		return ReasonNetwork
	}
	return ReasonMalformed
}

// kissed tells an error of Validate apart: stratum 0 is a kiss of death only with
// a code that asks for something (RFC 5905, 7.4); otherwise the server isn't synchronised.
func kissed(r *ntp.Response, err error) (kiss string, _ error) {
	code := strings.TrimRight(r.KissCode, "\x00")
	switch {
	case !errors.Is(err, ntp.ErrKissOfDeath), code == "RATE", forbids(code):
		return code, err
	}
	return "", ntp.ErrInvalidStratum
}

// forbids reports whether a kiss code means never to ask again.
func forbids(kiss string) bool { return kiss == "DENY" || kiss == "RSTR" }
