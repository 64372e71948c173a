package clock

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// SessionTime is an instant of session time, the one clock of the service:
// nanoseconds since the Unix epoch. It is monotonic and never a wall clock.
// In JSON it is a number of milliseconds with microseconds as its fraction.
type SessionTime int64

// DeviceTime is an instant of a device's own monotonic clock: nanoseconds
// from an origin that only the device knows.
type DeviceTime int64

// Add returns t + d.
func (t SessionTime) Add(d time.Duration) SessionTime { return t + SessionTime(d) }

// Sub returns t − u.
func (t SessionTime) Sub(u SessionTime) time.Duration { return time.Duration(t - u) }

// Millis returns t in milliseconds since the Unix epoch. A float64 holds it to
// about a quarter of a microsecond.
func (t SessionTime) Millis() float64 {
	ms := int64(t) / int64(time.Millisecond)
	return float64(ms) + float64(int64(t)-ms*int64(time.Millisecond))/1e6
}

// maxMillis is how far a session time that is read may lie from the epoch: half of what a
// SessionTime holds, so that two of them can be subtracted.
const maxMillis = math.MaxInt64 / 2e6

var errSessionRange = errors.New("clock: session time out of range")

// SessionFromMillis returns the instant ms milliseconds after the Unix epoch,
// rounded to a nanosecond. It fails on anything that is not a finite number
// within half the range of SessionTime.
func SessionFromMillis(ms float64) (SessionTime, error) {
	if math.IsNaN(ms) || math.Abs(ms) > maxMillis {
		return 0, errSessionRange
	}
	whole, frac := math.Modf(ms)
	return SessionTime(int64(whole)*int64(time.Millisecond) + int64(math.Round(frac*1e6))), nil
}

// MarshalJSON writes t as milliseconds with at most three decimals; the rest is cut off.
func (t SessionTime) MarshalJSON() ([]byte, error) {
	us := int64(t) / 1000
	b := make([]byte, 0, 24)
	if us < 0 {
		b, us = append(b, '-'), -us
	}
	b = strconv.AppendInt(b, us/1000, 10)
	if frac := us % 1000; frac != 0 {
		b = append(b, '.', byte('0'+frac/100), byte('0'+frac/10%10), byte('0'+frac%10))
	}
	return b, nil
}

// UnmarshalJSON reads milliseconds, rounded to a nanosecond. A number with decimals
// is read as it is written, without a float64 in between: what MarshalJSON has
// written is read as the same instant. It fails where SessionFromMillis does.
func (t *SessionTime) UnmarshalJSON(b []byte) (err error) {
	if exact, ok := parseMillis(string(b)); ok {
		*t = exact
		return nil
	}
	ms, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return errors.New("clock: session time must be a number of milliseconds")
	}
	*t, err = SessionFromMillis(ms)
	return err
}

// parseMillis reads a decimal number without an exponent; false for anything else, and
// for what is out of range.
func parseMillis(s string) (t SessionTime, ok bool) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, frac, _ := strings.Cut(digits, ".")
	if strings.Trim(whole+frac, "0123456789") != "" {
		return 0, false
	}
	ms, err := strconv.ParseUint(whole, 10, 64)
	if err != nil || float64(ms) >= maxMillis {
		return 0, false
	}
	tenths, _ := strconv.ParseUint((frac + "0000000")[:7], 10, 64) // of a nanosecond: seven digits
	t = SessionTime(ms*uint64(time.Millisecond) + (tenths+5)/10)
	if negative {
		t = -t
	}
	return t, true
}

// Add returns t + d.
func (t DeviceTime) Add(d time.Duration) DeviceTime { return t + DeviceTime(d) }

// Sub returns t − u.
func (t DeviceTime) Sub(u DeviceTime) time.Duration { return time.Duration(t - u) }

// ISO returns t as an ISO 8601 instant in UTC, to the millisecond.
func (t SessionTime) ISO() string {
	return time.Unix(0, int64(t)).UTC().Format("2006-01-02T15:04:05.000Z")
}
