package clock

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"testing"
	"time"
)

func TestMapBytes(t *testing.T) {
	m := Map{Device: -2, Session: 1_800_000_000_000_000_000, Rate: -0.0078125, Bound: 1000, Growth: 0.25, Hard: time.Second, Epoch: 0x1234, Valid: true}
	want := "01" + "1234" + "fffffffffffffffe" + "18fae27693b40000" + "bf80000000000000" + "00000000000003e8" + "3fd0000000000000" + "000000003b9aca00"
	b := m.Append([]byte{9})
	if got := hex.EncodeToString(b[1:]); b[0] != 9 || got != want {
		t.Errorf("Append:\n got %s\nwant %s", got, want)
	}
	if got, err := ParseMap(b[1:]); err != nil || got != m {
		t.Errorf("ParseMap = %+v, %v", got, err)
	}
	for name, bad := range map[string][]byte{
		"short": b[1 : len(b)-1], "long": b, "neither valid nor invalid": append([]byte{2}, b[2:]...),
		"NaN": Map{Rate: math.NaN(), Valid: true}.Append(nil), "time stands": Map{Rate: -1, Valid: true}.Append(nil),
		"growth": Map{Growth: 2, Valid: true}.Append(nil), "bound": Map{Bound: -1, Valid: true}.Append(nil),
		"hard": Map{Hard: -1, Valid: true}.Append(nil), "none": nil,
	} {
		if got, err := ParseMap(bad); !errors.Is(err, ErrBadMap) || got != (Map{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// FuzzMap: what is read as a map is written as the same bytes, and a follower that has it tells times and bounds.
func FuzzMap(f *testing.F) {
	f.Add(Map{Device: 5e9, Session: day0, Rate: 20e-6, Bound: 25_000, Growth: 1e-7, Hard: 90_000, Epoch: 3, Valid: true}.Append(nil), int64(6e9))
	f.Add(Map{Rate: MaxRate, Growth: MaxGrowth, Bound: math.MaxInt64, Hard: math.MaxInt64, Session: math.MaxInt64, Device: math.MinInt64, Valid: true}.Append(nil), int64(math.MaxInt64))
	f.Add(Map{}.Append(nil), int64(0))
	f.Fuzz(func(t *testing.T, b []byte, d int64) {
		m, err := ParseMap(b)
		if err != nil {
			if !errors.Is(err, ErrBadMap) {
				t.Fatal(err)
			}
			return
		}
		if again := m.Append(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x became %x", b, again)
		}
		var follower Follower
		if followed := follower.Set(m, DeviceTime(d)); followed != m.Valid || followed != follower.Valid() {
			t.Fatalf("%+v: followed %v", m, followed)
		}
		near := m.Device.Add(time.Second) // far from it, numbers of 64 bits end
		if inside := m.Session.Sub(0).Abs() < 1<<61 && m.Device.Sub(0).Abs() < 1<<61; follower.Valid() && inside {
			if off := follower.Session(follower.Device(m.Session.Add(time.Second))).Sub(m.Session.Add(time.Second)); off.Abs() > 3 {
				t.Fatalf("%+v: Device isn't the inverse of Session, by %v", m, off)
			}
			if m.Bound < 1<<61 && follower.Bound(near) < m.Bound {
				t.Fatalf("%+v: the bound shrinks to %v", m, follower.Bound(near))
			}
		}
	})
}
