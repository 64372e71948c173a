package clock

import (
	"testing"
	"time"
)

func TestPingsAreAnsweredOnce(t *testing.T) {
	var p Pings
	p.Begin(7, day0)
	p.Begin(8, day0.Add(time.Millisecond))
	steps := []struct {
		nonce uint64
		want  bool
	}{{8, true}, {8, false}, {9, false}, {7, true}, {7, false}}
	for _, s := range steps {
		if _, ok := p.Answered(s.nonce); ok != s.want {
			t.Errorf("Answered(%d) = %v, want %v", s.nonce, ok, s.want)
		}
	}
	if p.Sent != 2 || p.Lost != 0 || p.Stray != 3 {
		t.Errorf("counts %+v", p)
	}
}

func TestPingsAreLost(t *testing.T) {
	var p Pings
	p.Begin(1, day0)
	p.Begin(2, day0.Add(time.Second))
	p.Expire(day0.Add(PingTimeout))
	if p.Waiting() != 2 {
		t.Fatalf("%d wait after %v, want 2", p.Waiting(), PingTimeout)
	}
	p.Expire(day0.Add(PingTimeout + 1))
	if _, ok := p.Answered(1); ok || p.Lost != 1 {
		t.Errorf("an overdue ping was answered, or not counted: %d lost", p.Lost)
	}
	if t1, ok := p.Answered(2); !ok || t1 != day0.Add(time.Second) {
		t.Errorf("Answered(2) = %d, %v", t1, ok)
	}
	p.Begin(3, day0)
	p.Unsent(3)
	p.Unsent(3)
	if p.Lost != 2 || p.Waiting() != 0 {
		t.Errorf("one that couldn't be sent: %+v", p)
	}
}

// TestPingsOfOtherLimits: a path may wait for fewer pings, and for less time.
func TestPingsOfOtherLimits(t *testing.T) {
	p := Pings{Limit: 2, Timeout: time.Second}
	if _, ok := p.Oldest(); ok {
		t.Error("there is an oldest of none")
	}
	for n := range uint64(3) {
		p.Begin(n, day0.Add(time.Duration(n)))
	}
	if t1, ok := p.Oldest(); !ok || t1 != day0.Add(1) || p.Waiting() != 2 || p.Lost != 1 {
		t.Errorf("the oldest is %v, %+v", t1.Sub(day0), p)
	}
	p.Expire(day0.Add(time.Second + 1))
	if p.Waiting() != 2 {
		t.Errorf("%d wait after a second", p.Waiting())
	}
	p.Expire(day0.Add(time.Second + 2))
	if t1, _ := p.Oldest(); t1 != day0.Add(2) || p.Lost != 2 {
		t.Errorf("the oldest is %v, %+v", t1.Sub(day0), p)
	}
}

func TestPingsAreBounded(t *testing.T) {
	var p Pings
	for n := range uint64(MaxPings + 10) {
		p.Begin(n, day0)
	}
	if p.Waiting() != MaxPings || p.Lost != 10 {
		t.Errorf("%d wait, %d lost", p.Waiting(), p.Lost)
	}
	if _, ok := p.Answered(9); ok {
		t.Error("the oldest should have been given up")
	}
}
