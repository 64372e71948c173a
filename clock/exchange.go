package clock

import "time"

// Exchange is one NTP-style exchange that the server started. T1 leaves the
// server and T4 reaches it, by the steady clock that session time is kept with
// (Source.Local); T2 reaches the device and T3 leaves it, in device time.
type Exchange struct {
	T1     SessionTime
	T2, T3 DeviceTime
	T4     SessionTime
}

// Forward returns U = T2 − T1 = offset + forward delay, as a bare difference
// of the two clocks.
func (x Exchange) Forward() time.Duration { return time.Duration(int64(x.T2) - int64(x.T1)) }

// Backward returns V = T4 − T3 = −offset + backward delay.
func (x Exchange) Backward() time.Duration { return time.Duration(int64(x.T4) - int64(x.T3)) }

// Offset returns ((T2 − T1) − (T4 − T3)) / 2: device time − session time as
// this exchange alone tells it, computed so that nothing overflows.
func (x Exchange) Offset() time.Duration {
	u, v := x.Forward(), -x.Backward()
	return v + (u-v)/2
}

// Delay returns (T4 − T1) − (T3 − T2): the round trip less the device's
// residence.
func (x Exchange) Delay() time.Duration { return x.T4.Sub(x.T1) - x.T3.Sub(x.T2) }
