package frame

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

func TestPingBytes(t *testing.T) {
	tests := []struct {
		name string
		ping Ping
		want string
	}{
		{"zero", Ping{}, "01000000" + zeros(56)},
		{"flags and epoch", Ping{Holdover: true, Map: clock.Map{Valid: true, Epoch: 0x1234}}, "01031234" + zeros(56)},
		{"every field", Ping{
			Nonce: 0x0102030405060708,
			Map: clock.Map{
				Device: -2, Session: 1_800_000_000_000_000_000, Rate: -0.0078125,
				Bound: 1000, Growth: 0.25, Hard: time.Second, Valid: true,
			},
		}, "01010000" + "0102030405060708" + "fffffffffffffffe" + "18fae27693b40000" +
			"bf80000000000000" + "00000000000003e8" + "3fd0000000000000" + "000000003b9aca00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := tt.ping.Append(nil)
			if got := hex.EncodeToString(b); got != tt.want {
				t.Errorf("Append:\n got %s\nwant %s", got, tt.want)
			}
			if got, err := ParsePing(b); err != nil || got != tt.ping {
				t.Errorf("ParsePing = %+v, %v; want %+v", got, err, tt.ping)
			}
		})
	}
}

func TestPongBytes(t *testing.T) {
	tests := []struct {
		name string
		pong Pong
		want string
	}{
		{"zero", Pong{}, "02000000" + zeros(56)},
		{"hidden", Pong{Hidden: true}, "02010000" + zeros(56)},
		{"every field", Pong{Nonce: 7, Stopped: true, Resolution: 100 * time.Microsecond, T2: -1, T3: 256},
			"02020064" + "0000000000000007" + "ffffffffffffffff" + "0000000000000100" + zeros(32)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := tt.pong.Append(nil)
			if got := hex.EncodeToString(b); got != tt.want {
				t.Errorf("Append:\n got %s\nwant %s", got, tt.want)
			}
			if got, err := ParsePong(b); err != nil || got != tt.pong {
				t.Errorf("ParsePong = %+v, %v; want %+v", got, err, tt.pong)
			}
		})
	}
}

func TestPongResolutionIsClamped(t *testing.T) {
	for in, want := range map[time.Duration]time.Duration{
		-time.Second:           0,
		999 * time.Nanosecond:  0,
		time.Millisecond:       time.Millisecond,
		time.Second:            65535 * time.Microsecond,
		math.MaxInt64:          65535 * time.Microsecond,
		1500 * time.Nanosecond: time.Microsecond,
	} {
		p, err := ParsePong(Pong{Resolution: in}.Append(nil))
		if err != nil || p.Resolution != want {
			t.Errorf("resolution %v arrives as %v, %v; want %v", in, p.Resolution, err, want)
		}
	}
}

func TestBadFrames(t *testing.T) {
	ping, pong := Ping{}.Append(nil), Pong{}.Append(nil)
	isPing := func(b []byte) error { _, err := ParsePing(b); return err }
	isPong := func(b []byte) error { _, err := ParsePong(b); return err }
	withMap := func(m clock.Map) []byte { return Ping{Map: m}.Append(nil) }
	tests := []struct {
		name  string
		parse func([]byte) error
		frame []byte
	}{
		{"empty ping", isPing, nil},
		{"short ping", isPing, ping[:59]},
		{"long ping", isPing, append(ping[:60:60], 0)},
		{"pong for a ping", isPing, pong},
		{"rate not a number", isPing, withMap(clock.Map{Rate: math.NaN(), Valid: true})},
		{"rate stops time", isPing, withMap(clock.Map{Rate: -1, Valid: true})},
		{"growth infinite", isPing, withMap(clock.Map{Growth: math.Inf(1), Valid: true})},
		{"bound negative", isPing, withMap(clock.Map{Bound: -1, Valid: true})},
		{"hard bound negative", isPing, withMap(clock.Map{Hard: -1, Valid: true})},
		{"short pong", isPong, pong[:10]},
		{"ping for a pong", isPong, ping},
		{"T3 before T2", isPong, Pong{T2: 2, T3: 1}.Append(nil)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.parse(tt.frame); !errors.Is(err, ErrBad) {
				t.Errorf("got %v, want ErrBad", err)
			}
		})
	}
}

func FuzzParsePing(f *testing.F) {
	f.Add(Ping{Nonce: 1, Map: clock.Map{Valid: true, Rate: 1e-6}}.Append(nil))
	f.Add([]byte{kindPing})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParsePing(b)
		if err != nil {
			return
		}
		if _, err := clock.ParseMap(p.Map.Append(nil)); err != nil {
			t.Errorf("accepted %+v", p.Map)
		}
		again, err := ParsePing(p.Append(nil))
		if err != nil || again != p {
			t.Errorf("read again: %+v, %v; want %+v", again, err, p)
		}
	})
}

func FuzzParsePong(f *testing.F) {
	f.Add(Pong{Nonce: 1, Resolution: time.Millisecond, T3: 5}.Append(nil))
	f.Add([]byte{kindPong})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParsePong(b)
		if err != nil {
			return
		}
		again := p.Append(nil)
		if !bytes.Equal(again[2:28], b[2:28]) {
			t.Errorf("written again: %x, want %x", again, b)
		}
	})
}

func zeros(n int) string { return hex.EncodeToString(make([]byte, n)) }
