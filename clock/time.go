package clock

import (
	"errors"
	"math"
	"strconv"
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

// SessionFromMillis returns the instant ms milliseconds after the Unix epoch,
// rounded to a nanosecond. It fails on anything that is not a finite number
// within the range of SessionTime.
func SessionFromMillis(ms float64) (SessionTime, error) {
	if math.IsNaN(ms) || math.Abs(ms) > math.MaxInt64/2e6 {
		return 0, errors.New("clock: session time out of range")
	}
	whole, frac := math.Modf(ms)
	return SessionTime(int64(whole)*int64(time.Millisecond) + int64(math.Round(frac*1e6))), nil
}

// MarshalJSON writes t as milliseconds with three decimals.
func (t SessionTime) MarshalJSON() ([]byte, error) {
	us := int64(t) / 1000
	b := strconv.AppendInt(make([]byte, 0, 24), us/1000, 10)
	frac := us % 1000
	if us < 0 || frac == 0 {
		return strconv.AppendFloat(b[:0], float64(us)/1000, 'f', -1, 64), nil
	}
	return append(b, '.', byte('0'+frac/100), byte('0'+frac/10%10), byte('0'+frac%10)), nil
}

// UnmarshalJSON reads milliseconds.
func (t *SessionTime) UnmarshalJSON(b []byte) error {
	ms, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return errors.New("clock: session time must be a number of milliseconds")
	}
	*t, err = SessionFromMillis(ms)
	return err
}

// Add returns t + d.
func (t DeviceTime) Add(d time.Duration) DeviceTime { return t + DeviceTime(d) }

// Sub returns t − u.
func (t DeviceTime) Sub(u DeviceTime) time.Duration { return time.Duration(t - u) }

// ISO returns t as an ISO 8601 instant in UTC, to the millisecond.
func (t SessionTime) ISO() string {
	return time.Unix(0, int64(t)).UTC().Format("2006-01-02T15:04:05.000Z")
}
