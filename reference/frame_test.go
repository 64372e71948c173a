package reference

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

var someSecret = bytes.Repeat([]byte{7}, SecretSize)

func someAnswer() frame {
	f := frame{kind: kindAnswer, path: 2, term: 3, nonce: 4, from: 5, t2: 1e18, t3: 1e18 + 50, stratum: 3, distance: time.Millisecond}
	for i := range f.course {
		at := clock.SessionTime(1e18).Add(time.Duration(i) * time.Second)
		f.course[i] = clock.Line{Steady: at, Session: at.Add(time.Hour), Rate: float64(i) * 1e-6, Until: at.Add(time.Second)}
	}
	f.course[lines-1].Until = math.MaxInt64
	return f
}

func TestFrames(t *testing.T) {
	question := frame{kind: kindQuestion, path: 1, term: 9, nonce: 1 << 63, from: 8, bound: -1, hard: time.Second}
	for _, want := range []frame{question, someAnswer()} {
		b := want.append(nil, someSecret)
		if got, err := parse(b, someSecret); err != nil || got != want || len(b) != FrameSize {
			t.Errorf("%d bytes, %v:\n%+v, want\n%+v", len(b), err, got, want)
		}
		for i := range b {
			b[i] ^= 1
			if _, err := parse(b, someSecret); err == nil {
				t.Errorf("byte %d may be changed", i)
			}
			b[i] ^= 1
		}
	}
}

// TestImpossibleCourses: what no instance can have is refused even if it is authenticated.
func TestImpossibleCourses(t *testing.T) {
	for name, change := range map[string]func(*frame){
		"no rate":                func(f *frame) { f.course[1].Rate = math.NaN() },
		"a rate beyond all":      func(f *frame) { f.course[1].Rate = 1e-3 },
		"lines out of order":     func(f *frame) { f.course[1].Steady = 1 },
		"leaves before it comes": func(f *frame) { f.t3 = f.t2 - 1 },
	} {
		f := someAnswer()
		change(&f)
		if _, err := parse(f.append(nil, someSecret), someSecret); !errors.Is(err, errForeign) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestForeignFrames: frames of others than the instances on the store change nothing, and are
// counted; so are answers of one that isn't the reference any more.
func TestForeignFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.stop()
		a := w.add(0, 10)
		w.known(a, time.Second)
		b := w.add(0, -10)
		w.known(b, 3*time.Second)
		time.Sleep(time.Second)
		forged := someAnswer()
		if !b.Packet(forged.append(nil, someSecret), nil) || b.Status().Refused != 1 {
			t.Errorf("a forged answer: %+v", b.Status())
		}
		q := frame{kind: kindQuestion, term: 1, nonce: 1, from: 1}
		if a.Answer(q.append(nil, someSecret)) != nil || a.Status().Refused != 1 {
			t.Error("a forged question was answered")
		}
		if b.Answer(q.append(nil, b.secret)) != nil {
			t.Error("one that isn't the reference answered")
		}
		forged.term = 0
		b.Packet(forged.append(nil, b.secret), nil)
		if b.Status().Stale != 1 {
			t.Errorf("an old reference's answer: %+v", b.Status())
		}
		for _, packet := range [][]byte{nil, {magic}, make([]byte, FrameSize), bytes.Repeat([]byte{20}, FrameSize)} {
			if b.Packet(packet, nil) {
				t.Errorf("%d bytes were taken for a frame", len(packet))
			}
		}
		time.Sleep(10 * time.Second)
		if err := apartOf(a, b).Abs(); err > 50*us {
			t.Errorf("%v apart", err)
		}
	})
}

// FuzzParse: what isn't authenticated is refused, whatever it is; what is doesn't panic.
func FuzzParse(f *testing.F) {
	answer := someAnswer()
	f.Add(answer.append(nil, someSecret))
	f.Add([]byte{magic, version, kindQuestion})
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := parse(b, []byte("another secret than the seeds have")); err == nil {
			t.Fatal("accepted")
		}
		if len(b) != FrameSize {
			return
		}
		b = append(b[:FrameSize-macSize:FrameSize-macSize], mac(someSecret, b[:FrameSize-macSize])...)
		if got, err := parse(b, someSecret); err == nil && got.kind == kindAnswer {
			for _, l := range got.course {
				if math.Abs(l.Rate) > clock.MaxSteer {
					t.Fatalf("a rate of %v", l.Rate)
				}
			}
		}
	})
}
