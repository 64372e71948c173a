package osc

import (
	"encoding/hex"
	"reflect"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// TestEncoding: the examples of OSC 1.0, and each type there and back.
func TestEncoding(t *testing.T) {
	for want, m := range map[string]Message{
		"2f6f7363696c6c61746f722f342f6672657175656e6379002c66000043dc0000":                 {Address: "/oscillator/4/frequency", Args: []any{float32(440)}},
		"2f666f6f000000002c69697366660000000003e8ffffffff68656c6c6f0000003f9df3b640b5b22d": {Address: "/foo", Args: []any{int32(1000), int32(-1), "hello", float32(1.234), float32(5.678)}},
	} {
		if got := hex.EncodeToString(m.Append(nil)); got != want {
			t.Errorf("%v is\n%s, not\n%s", m, got, want)
		}
	}
	m := Message{Address: "/a", Args: []any{int32(-7), float32(0.5), "x", []byte{1, 2, 3}, []byte{}, int64(-1 << 40), 0.1, TimeTag(5), true, false, nil}}
	got, err := Parse(m.AppendBundle(nil, 9))
	m.At = 9
	if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], m) {
		t.Errorf("%v is read as %v, %v", m, got, err)
	}
}

// TestTimeTags: to the nanosecond, also behind the year 2036, when their seconds begin again.
func TestTimeTags(t *testing.T) {
	for _, when := range []time.Time{time.Unix(0, 0), time.Unix(1_795_000_000, 123_456_789), time.Date(2036, 2, 7, 6, 28, 16, 1, time.UTC), time.Date(2050, 1, 1, 0, 0, 0, 999_999_999, time.UTC)} {
		at := clock.SessionTime(when.UnixNano())
		if off := TagOf(at).Session().Sub(at).Abs(); off > time.Nanosecond {
			t.Errorf("%v is %v off", when, off)
		}
	}
	if got := TagOf(0); got != 2_208_988_800<<32 {
		t.Errorf("1970 is %d", got)
	}
}

func TestNonsense(t *testing.T) {
	short := Message{Address: "/a", Args: []any{"b", int32(1)}}.Append(nil)
	nested := Message{Address: "/a"}.Append(nil)
	for range 10 {
		outer := append(appendString(nil, bundle), 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, byte(len(nested)))
		nested = append(outer, nested...)
	}
	for name, packet := range map[string][]byte{
		"empty": {}, "no address": appendString(nil, "a"), "cut": short[:len(short)-1], "more": append(short, 0, 0, 0, 0), "no comma": appendString(appendString(nil, "/a"), "i"),
		"unknown type": appendString(appendString(nil, "/a"), ",q"), "nested": nested, "bundle": appendString(nil, bundle), "long blob": append(appendString(appendString(nil, "/a"), ",b"), 0xff, 0xff, 0xff, 0xff),
	} {
		if got, err := Parse(packet); err == nil {
			t.Errorf("%s is read as %v", name, got)
		}
	}
}

// FuzzParse: nothing from the network breaks it, and what was read is written and read as the same.
func FuzzParse(f *testing.F) {
	m := Message{Address: "/a", Args: []any{int32(-7), float32(0.5), "x", []byte{1, 2, 3}, int64(1), 0.1, TimeTag(5), true, nil}}
	f.Add(m.Append(nil))
	f.Add(m.AppendBundle(nil, 9))
	f.Add([]byte("/a\x00\x00"))
	f.Fuzz(func(t *testing.T, packet []byte) {
		list, err := Parse(packet)
		if err != nil {
			return
		}
		for _, m := range list {
			again := m.AppendBundle(nil, m.At)
			got, err := Parse(again)
			if err != nil || len(got) != 1 || string(got[0].AppendBundle(nil, m.At)) != string(again) {
				t.Errorf("%v is read as %v, %v", m, got, err)
			}
		}
	})
}
