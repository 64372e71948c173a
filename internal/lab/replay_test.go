package lab

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/sim"
	"github.com/downbeat-sync/downbeat/clock/trace"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// readRows takes the output of replay apart.
func readRows(t *testing.T, out string) (rows []replayed) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if lines[0]+"\n" != replayHeader {
		t.Fatalf("the header is %q", lines[0])
	}
	for _, l := range lines[1:] {
		f := strings.Split(l, ",")
		var n [4]int64
		for _, i := range []int{0, 2, 3} {
			v, err := strconv.ParseInt(f[i], 10, 64)
			check(t, err)
			n[i] = v
		}
		skew, err := strconv.ParseFloat(f[1], 64)
		check(t, err)
		rows = append(rows, replayed{time.Duration(n[0]), time.Duration(n[2]), time.Duration(n[3]), skew})
	}
	return rows
}

// TestReplayIsTrue: the rows of simulated exchanges hold against the truth.
func TestReplayIsTrue(t *testing.T) {
	for _, p := range sim.Profiles() {
		w, pings := sim.New(p, 5), sim.EachSecond{N: 12}
		var in, out bytes.Buffer
		rows := trace.NewWriter(&in)
		var truths []time.Duration
		for at := sim.Start; at < sim.Start.Add(2*time.Minute); at = pings.Due() {
			pings.Sent(at)
			if x := w.Exchange(at); !x.Lost {
				check(t, rows.Write(x.Exchange))
				truths = append(truths, w.Offset(x.T4))
			}
		}
		check(t, rows.Flush())
		check(t, Replay(&in, &out, p.Resolution))
		got := readRows(t, out.String())
		if len(got) != len(truths) {
			t.Fatalf("%s: %d rows of %d exchanges", p.Name, len(got), len(truths))
		}
		outside := 0
		for i, r := range got {
			err := (r.offset - truths[i]).Abs()
			if err > r.hard+1 || r.bound > r.hard {
				t.Errorf("%s: row %d is off by %v: %+v", p.Name, i, err, r)
			}
			if err > r.bound {
				outside++
			}
		}
		if outside > len(got)*3/100 { // of one run; all readings are not independent
			t.Errorf("%s: %d of %d rows outside the bound", p.Name, outside, len(got))
		}
	}
}

// exchangeAt is a good exchange with a device whose clock is off by offset.
func exchangeAt(t1 clock.SessionTime, offset time.Duration) clock.Exchange {
	dev := func(d time.Duration) clock.DeviceTime { return clock.DeviceTime(t1.Add(offset + d)) }
	return clock.Exchange{T1: t1, T2: dev(100_003), T3: dev(120_001), T4: t1.Add(220_007)}
}

// TestReplayRejected: garbage gets a row too, and the belief as it was.
func TestReplayRejected(t *testing.T) {
	r := newReplayer(0)
	if got := r.add(clock.Exchange{T1: 10, T4: 5}); got != (replayed{bound: math.MaxInt64, hard: math.MaxInt64}) {
		t.Errorf("of nothing it is known %+v", got)
	}
	const offset = -1_700_000_000 * time.Second
	at := sim.Start
	var last replayed
	for range 20 {
		at = at.Add(50 * time.Millisecond)
		last = r.add(exchangeAt(at, offset))
	}
	if (last.offset - offset).Abs() > 100*time.Microsecond {
		t.Fatalf("the belief is %+v", last)
	}
	for name, c := range map[string]struct {
		x     clock.Exchange
		moved time.Duration // at most, as the belief is carried to T4
	}{
		"T4 before T1":    {clock.Exchange{T1: at, T2: 1, T3: 2, T4: at - 1}, time.Microsecond},
		"a second before": {clock.Exchange{T1: at, T4: at.Add(-time.Second)}, 100 * time.Microsecond},
		"a minute on":     {clock.Exchange{T1: at, T4: at.Add(time.Minute)}, 10 * time.Millisecond},
		"huge":            {clock.Exchange{T1: at, T4: math.MaxInt64}, time.Microsecond},
		"negative":        {clock.Exchange{T1: at, T4: math.MinInt64}, time.Microsecond},
		"at the epoch":    {clock.Exchange{T1: at, T4: 0}, 100 * time.Hour},
		"all huge":        {clock.Exchange{T1: math.MaxInt64, T2: math.MinInt64, T3: math.MaxInt64, T4: math.MinInt64}, time.Microsecond},
	} {
		got := r.add(c.x)
		if (got.offset-last.offset).Abs() > c.moved || got.bound < last.bound || got.hard < last.hard || got.bound > got.hard {
			t.Errorf("%s: %+v became %+v", name, last, got)
		}
	}
	if got := r.add(exchangeAt(at.Add(time.Second), offset)); (got.offset - offset).Abs() > got.hard {
		t.Errorf("after all of it: %+v", got)
	}
}

// FuzzReplay: a row for each exchange, whatever it is, and no bound below nothing.
func FuzzReplay(f *testing.F) {
	f.Add("t1,t2,t3,t4\n1,2,3,4\n-1,2,3,9223372036854775807\n")
	f.Add("t1,t2,t3,t4\n0,4600000000000000000,4600000000000000001,5\n4600000000000000000,0,0,4600000000000000001\n")
	f.Fuzz(func(t *testing.T, in string) {
		n := 0
		for rows := trace.NewReader(strings.NewReader(in)); ; n++ {
			if _, err := rows.Read(); err != nil {
				break
			}
		}
		var out strings.Builder
		_ = Replay(strings.NewReader(in), &out, 0)
		rows := readRows(t, out.String())
		if len(rows) != n {
			t.Fatalf("%d rows of %d exchanges", len(rows), n)
		}
		for _, r := range rows {
			if r.bound < 0 || r.hard < r.bound || math.IsNaN(r.skew) || math.IsInf(r.skew, 0) {
				t.Errorf("%+v", r)
			}
		}
	})
}
