package frame

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

var update = flag.Bool("update", false, "write docs/vectors.json")

const vectorsFile = "../../docs/vectors.json"

// vectors are the test vectors of docs/vectors.json. Integers of 64 bits are strings, since JavaScript's numbers
// don't hold them.
type vectors struct {
	About   string         `json:"about"`
	Limits  limits         `json:"limits"`
	Pings   []pingVector   `json:"pings"`
	Pongs   []pongVector   `json:"pongs"`
	Refused []refused      `json:"refused"`
	Follow  []followVector `json:"follow"`
}

// limits are of the maps that a device takes, and of what it makes of them.
type limits struct {
	Rate       float64 `json:"rate"`       // either way
	Growth     float64 `json:"growth"`     // from 0 on
	HardGrowth float64 `json:"hardGrowth"` // of the hard bound, ns per ns
	Slew       float64 `json:"slew"`       // ns per ns
	StaleMs    int64   `json:"staleMs"`    // by how much an overtaken map may be older
}

type pingVector struct {
	Name  string     `json:"name"`
	Hex   string     `json:"hex"`
	Nonce string     `json:"nonce"`
	Map   *mapVector `json:"map"`
}

type mapVector struct {
	Epoch    uint16  `json:"epoch"`
	Holdover bool    `json:"holdover"`
	Device   string  `json:"device"`
	Session  string  `json:"session"`
	Rate     float64 `json:"rate"`
	Bound    string  `json:"bound"`
	Growth   float64 `json:"growth"`
	Hard     string  `json:"hard"`
}

type pongVector struct {
	Name         string `json:"name"`
	Hex          string `json:"hex"`
	Nonce        string `json:"nonce"`
	Flags        int    `json:"flags"`
	ResolutionUs int    `json:"resolutionUs"`
	T2           string `json:"t2"`
	T3           string `json:"t3"`
}

// refused is a frame that isn't one of its kind: a device doesn't answer such a ping, the server drops such a pong.
type refused struct {
	Name string `json:"name"`
	As   string `json:"as"`
	Hex  string `json:"hex"`
}

// followVector is what a device does that gets pings and reads its clock.
type followVector struct {
	Name  string       `json:"name"`
	Steps []followStep `json:"steps"`
}

// followStep happens when the device's clock reads At: a ping comes, or session time is read.
type followStep struct {
	At      string `json:"at"`
	Ping    string `json:"ping,omitempty"`
	Session string `json:"session,omitempty"`
	Bound   string `json:"bound,omitempty"`
	Hard    string `json:"hard,omitempty"`
}

const aboutVectors = "Clock frames of docs/protocol.md, and what a device makes of them. Times in ns; integers of 64 bits are strings. " +
	"A session time that is read may differ by 1000 ns, a bound by as much."

func decimal[T ~int64](v T) string { return strconv.FormatInt(int64(v), 10) }

func pingOf(name string, p Ping) pingVector {
	v := pingVector{Name: name, Hex: hex.EncodeToString(p.Append(nil)), Nonce: strconv.FormatUint(p.Nonce, 10)}
	if m := p.Map; m.Valid {
		v.Map = &mapVector{m.Epoch, p.Holdover, decimal(m.Device), decimal(m.Session), m.Rate, decimal(m.Bound), m.Growth, decimal(m.Hard)}
	}
	return v
}

func pongOf(name string, p Pong) pongVector {
	b := p.Append(nil)
	return pongVector{name, hex.EncodeToString(b), strconv.FormatUint(p.Nonce, 10), int(b[1]), int(p.Resolution / time.Microsecond), decimal(p.T2), decimal(p.T3)}
}

// base is a map such as a device gets.
var base = clock.Map{
	Device: 1_000_000_000, Session: 1_763_894_400_000_000_000, Rate: 20e-6, Bound: 50_000, Growth: 1e-6, Hard: 300_000, Epoch: 7, Valid: true,
}

// with is base with changes.
func with(change func(*clock.Map)) clock.Map {
	m := base
	change(&m)
	return m
}

func makeVectors() vectors {
	const second = time.Second
	return vectors{
		About:  aboutVectors,
		Limits: limits{clock.MaxRate, clock.MaxGrowth, clock.HardGrowth, clock.SlewRate, clock.StaleAfter.Milliseconds()},
		Pings: []pingVector{
			pingOf("no map yet", Ping{Nonce: 1}),
			pingOf("no map, fields set", Ping{Nonce: math.MaxUint64, Map: with(func(m *clock.Map) { m.Valid = false })}),
			pingOf("a map", Ping{Nonce: 0x0102030405060708, Map: base}),
			pingOf("in holdover", Ping{Nonce: 2, Holdover: true, Map: base}),
			pingOf("all zero but valid", Ping{Map: clock.Map{Valid: true}}),
			pingOf("least and greatest times", Ping{Nonce: 3, Map: with(func(m *clock.Map) {
				m.Device, m.Session, m.Epoch = -1<<62, 1<<62, math.MaxUint16
			})}),
			pingOf("before 1970", Ping{Nonce: 4, Map: with(func(m *clock.Map) { m.Device, m.Session = -1, -1_500_000_001 })}),
			pingOf("a slow clock", Ping{Nonce: 5, Map: with(func(m *clock.Map) { m.Rate = -600e-6 })}),
			pingOf("the widest rate", Ping{Nonce: 6, Map: with(func(m *clock.Map) { m.Rate = clock.MaxRate })}),
			pingOf("as far the other way", Ping{Nonce: 8, Map: with(func(m *clock.Map) { m.Rate = -clock.MaxRate })}),
			pingOf("the fastest growth", Ping{Nonce: 9, Map: with(func(m *clock.Map) { m.Growth = clock.MaxGrowth })}),
			pingOf("no map, impossible fields", Ping{Nonce: 10, Map: with(func(m *clock.Map) {
				m.Valid, m.Rate, m.Growth, m.Bound, m.Hard = false, math.NaN(), -1, -1, -1
			})}),
			pingOf("unknown but for an hour", Ping{Nonce: 7, Map: with(func(m *clock.Map) { m.Bound, m.Hard, m.Growth = time.Hour, time.Hour, 0.5 })}),
		},
		Pongs: []pongVector{
			pongOf("plain", Pong{Nonce: 1, T2: 5, T3: 6}),
			pongOf("at once", Pong{Nonce: math.MaxUint64, T2: 5, T3: 5}),
			pongOf("hidden, coarse", Pong{Nonce: 2, Hidden: true, Resolution: 100 * time.Microsecond, T2: 1_000_000_000, T3: 1_000_020_000}),
			pongOf("stopped", Pong{Nonce: 3, Stopped: true, T2: -2, T3: -1}),
			pongOf("both, the coarsest", Pong{Nonce: 4, Hidden: true, Stopped: true, Resolution: 65535 * time.Microsecond, T2: -1 << 62, T3: 1 << 62}),
		},
		Refused: makeRefused(),
		Follow: []followVector{
			follow("the first map holds at once", 5*second, ping(base), read(0), read(10*second)),
			follow("ahead: slewed at 500 ppm", second, ping(base), ping(with(func(m *clock.Map) { m.Session += 1_000_000 })), read(0), read(second), read(second), read(second)),
			follow("behind: the same", second, ping(base), ping(with(func(m *clock.Map) { m.Session -= 1_000_000 })), read(0), read(second), read(2*second)),
			follow("another epoch: a step", second, ping(base), read(second), ping(with(func(m *clock.Map) { m.Session -= 5_000_000_000; m.Epoch++; m.Session += 15_000_000_000 })), read(0), read(second)),
			follow("overtaken: dropped", second, ping(base), ping(with(func(m *clock.Map) { m.Session -= 1000; m.Device += 1_000_000; m.Epoch++ })), read(0)),
			follow("older by 9.999 s: dropped", second, ping(base), ping(with(func(m *clock.Map) { m.Session -= 9_999_000_000; m.Epoch++ })), read(0)),
			follow("older by 10 s: another server's", second, ping(base), ping(with(func(m *clock.Map) { m.Session -= 10_000_000_000; m.Epoch++ })), read(0)),
			follow("without the valid flag: kept", second, ping(base), ping(clock.Map{Session: base.Session + 1_000_000, Epoch: 9}), read(second)),
			follow("a new map while the last is still slewed to", second, ping(base), ping(with(func(m *clock.Map) { m.Session += 2_000_000 })), read(second),
				ping(with(func(m *clock.Map) {
					m.Session += 1_000_000 + 1_000_020_000
					m.Device += 1_000_000_000
					m.Bound = 20_000
				})), read(0), read(second), read(5*second)),
		},
	}
}

func makeRefused() []refused {
	ping, pong := Ping{Nonce: 1, Map: base}.Append(nil), Pong{Nonce: 1, T2: 1, T3: 2}.Append(nil)
	bad := func(change func(*clock.Map)) []byte { return Ping{Nonce: 1, Map: with(change)}.Append(nil) }
	list := []refused{}
	for _, r := range []struct {
		name, as string
		b        []byte
	}{
		{"nothing", "ping", nil},
		{"59 bytes", "ping", ping[:59]},
		{"61 bytes", "ping", append(ping[:60:60], 0)},
		{"a pong", "ping", pong},
		{"kind 0", "ping", append([]byte{0}, ping[1:]...)},
		{"rate not a number", "ping", bad(func(m *clock.Map) { m.Rate = math.NaN() })},
		{"rate infinite", "ping", bad(func(m *clock.Map) { m.Rate = math.Inf(1) })},
		{"rate beyond the limit", "ping", bad(func(m *clock.Map) { m.Rate = math.Nextafter(clock.MaxRate, 1) })},
		{"rate beyond it the other way", "ping", bad(func(m *clock.Map) { m.Rate = -math.Nextafter(clock.MaxRate, 1) })},
		{"time stands still", "ping", bad(func(m *clock.Map) { m.Rate = -1 })},
		{"growth negative", "ping", bad(func(m *clock.Map) { m.Growth = -1e-9 })},
		{"growth not a number", "ping", bad(func(m *clock.Map) { m.Growth = math.NaN() })},
		{"growth beyond the limit", "ping", bad(func(m *clock.Map) { m.Growth = math.Nextafter(clock.MaxGrowth, 2) })},
		{"bound negative", "ping", bad(func(m *clock.Map) { m.Bound = -1 })},
		{"hard bound negative", "ping", bad(func(m *clock.Map) { m.Hard = -1 })},
		{"nothing", "pong", nil},
		{"59 bytes", "pong", pong[:59]},
		{"a ping", "pong", ping},
		{"T3 before T2", "pong", Pong{Nonce: 1, T2: 2, T3: 1}.Append(nil)},
	} {
		list = append(list, refused{r.name, r.as, hex.EncodeToString(r.b)})
	}
	return list
}

// action is a step of a followVector in the making.
type action struct {
	after time.Duration // the step before
	ping  *clock.Map    // nil: session time is read
}

func ping(m clock.Map) action         { return action{ping: &m} }
func read(after time.Duration) action { return action{after: after} }

// follow has a clock.Follower do it, from a device time on.
func follow(name string, from time.Duration, actions ...action) followVector {
	v, at := followVector{Name: name}, clock.DeviceTime(from)
	var f clock.Follower
	for _, a := range actions {
		at = at.Add(a.after)
		s := followStep{At: decimal(at)}
		if a.ping != nil {
			s.Ping = hex.EncodeToString(Ping{Nonce: 1, Map: *a.ping}.Append(nil))
			f.Set(*a.ping, at)
		} else {
			s.Session, s.Bound, s.Hard = decimal(f.Session(at)), decimal(f.Bound(at)), decimal(f.Hard(at))
		}
		v.Steps = append(v.Steps, s)
	}
	return v
}

// TestVectorsAreCurrent keeps docs/vectors.json what this package and clock.Follower do. What they are meant to do is
// held against by their own tests.
func TestVectorsAreCurrent(t *testing.T) {
	want, err := json.MarshalIndent(makeVectors(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(vectorsFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(vectorsFile); err != nil || !bytes.Equal(got, want) {
		t.Errorf("docs/vectors.json isn't what this package does: go generate ./clock/frame, if it is meant to (%v)", err)
	}
}

// TestVectors reads what the document has.
func TestVectors(t *testing.T) {
	var v vectors
	b, err := os.ReadFile(vectorsFile)
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range v.Pings {
		if p, err := ParsePing(unhex(t, w.Hex)); err != nil || fmt.Sprint(p.Nonce) != w.Nonce || p.Map.Valid != (w.Map != nil) {
			t.Errorf("%s: %+v, %v", w.Name, p, err)
		}
	}
	for _, w := range v.Pongs {
		p, err := ParsePong(unhex(t, w.Hex))
		if err != nil || decimal(p.T2) != w.T2 || decimal(p.T3) != w.T3 || p.Resolution != time.Duration(w.ResolutionUs)*time.Microsecond {
			t.Errorf("%s: %+v, %v", w.Name, p, err)
		}
	}
	for _, w := range v.Refused {
		_, err := ParsePing(unhex(t, w.Hex))
		if w.As == "pong" {
			_, err = ParsePong(unhex(t, w.Hex))
		}
		if !errors.Is(err, ErrBad) {
			t.Errorf("%s as a %s: %v", w.Name, w.As, err)
		}
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
