package utc

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beevik/ntp"
)

// steppable lets session time be stepped as long as *may holds.
func steppable(may *bool) func(*Config) {
	return func(c *Config) {
		c.Step = func(step func()) bool {
			if *may {
				step()
			}
			return *may
		}
	}
}

// TestFollows: from a wrong start, at a wrong rate, to within the root distance and
// far better, without a jump.
func TestFollows(t *testing.T) {
	tests := []struct {
		name   string
		offset time.Duration
		rate   float64
		after  time.Duration
		want   time.Duration
		stars  []star
	}{
		{"right already", 0, 0, time.Hour, ms / 2, []star{{}, {}, {}}},
		{"20 ms late", 20 * ms, 0, 3 * time.Hour, ms / 2, []star{{}, {}, {}}},
		{"a second early", -time.Second, 0, 12 * time.Hour, ms / 2, []star{{}, {}, {}}},
		{"30 ppm slow", 5 * ms, 30e-6, 4 * time.Hour, ms / 2, []star{{}, {}, {}}},
		{"30 ppm fast", 5 * ms, -30e-6, 4 * time.Hour, ms / 2, []star{{}, {}, {}}},
		{"one of five lies by 100 s", 0, 10e-6, 2 * time.Hour, ms / 2, []star{{}, {}, {lie: 100 * time.Second}, {}, {}}},
		{"two of five lie by 30 ms", 0, 10e-6, 2 * time.Hour, ms / 2, []star{{}, {lie: -30 * ms}, {lie: 30 * ms}, {}, {}}},
		{"two of five are silent", 0, 10e-6, 2 * time.Hour, ms / 2, []star{{silent: true}, {}, {}, {silent: true}, {}}},
		{"far away, much queueing", 20 * ms, 10e-6, 4 * time.Hour, 4 * ms,
			[]star{{floor: 50 * ms, queue: 5 * ms}, {floor: 80 * ms, queue: 5 * ms}, {floor: 20 * ms, queue: 5 * ms}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSky(test.offset, test.rate)
				d, stop := s.run(t, nil, test.stars...)
				defer stop()
				<-d.Synced()
				last, at := s.source.Now(), time.Now()
				for time.Since(s.begun) < test.after {
					time.Sleep(time.Second)
					now, passed := s.source.Now(), time.Since(at)
					if off := (now.Sub(last) - passed).Abs(); off > time.Duration(mostSteer*float64(passed))+4 {
						t.Fatalf("in %v session time went %v", passed, now.Sub(last))
					}
					last, at = now, time.Now()
					if e, st := s.error().Abs(), d.Status(); e > st.RootDistance {
						t.Fatalf("after %v: error %v, root distance %v", time.Since(s.begun), e, st.RootDistance)
					}
				}
				if e := s.error().Abs(); e > test.want {
					t.Errorf("error %v, want at most %v", e, test.want)
				}
				t.Logf("error %v, root distance %v, rate %.2f ppm",
					s.error(), d.Status().RootDistance, d.Status().Rate*1e6)
			})
		})
	}
}

// TestRefusesWithoutMajority: three or four of five that lie are not followed, and that is said.
func TestRefusesWithoutMajority(t *testing.T) {
	for _, lies := range [][]time.Duration{{100 * ms, -100 * ms, 10 * time.Second}, {100 * ms, -100 * ms, 300 * ms, 100 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			s := newSky(0, 0)
			stars := make([]star, 5)
			for i, lie := range lies {
				stars[i].lie = lie
			}
			d, stop := s.run(t, nil, stars...)
			defer stop()
			time.Sleep(time.Hour)
			st := d.Status()
			if st.State != Local || st.Why == "" || st.Reachable != 5 || st.Used != 0 {
				t.Errorf("%+v", st)
			}
			if now := time.Now(); s.source.At(now) != s.source.Local(now) {
				t.Error("session time was moved")
			}
		})
	}
}

// TestSteps: at once as long as it may, then never again.
func TestSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		may := true
		s := newSky(-3*time.Hour, 0)
		d, stop := s.run(t, steppable(&may), star{}, star{}, star{lie: time.Minute})
		defer stop()
		<-d.Synced()
		if e, st := s.error().Abs(), d.Status(); e > 2*ms || st.Steps != 1 || time.Since(s.begun) > 100*ms {
			t.Fatalf("error %v after %v, %d steps", e, time.Since(s.begun), st.Steps)
		}
		d.mu.Lock()
		may = false
		d.mu.Unlock()
		s.mu.Lock()
		s.offset += time.Second
		s.mu.Unlock()
		time.Sleep(time.Hour)
		st := d.Status()
		if st.Steps != 1 || st.State != NTP || st.Offset < 500*ms || st.RootDistance < s.error().Abs() {
			t.Errorf("a second later: %+v, error %v", st, s.error())
		}
	})
}

// TestHoldover: without servers session time goes on at the rate that was learnt.
func TestHoldover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSky(0, 20e-6)
		d, stop := s.run(t, nil, star{}, star{}, star{})
		defer stop()
		time.Sleep(3 * time.Hour)
		before := d.Status()
		for _, a := range d.cfg.Servers {
			s.set(a, func(x *star) { x.silent = true })
		}
		time.Sleep(6 * time.Hour)
		st := d.Status()
		if st.State != Holdover || st.Reachable != 0 || st.Why == "" {
			t.Fatalf("%+v", st)
		}
		if e := s.error().Abs(); e > 20*ms || e > st.RootDistance || st.RootDistance <= before.RootDistance {
			t.Errorf("error %v, root distance %v, before %v", e, st.RootDistance, before.RootDistance)
		}
		s.mu.Lock()
		asked := s.queries["a"]
		s.mu.Unlock()
		for _, a := range d.cfg.Servers {
			s.set(a, func(x *star) { x.silent = false })
		}
		time.Sleep(30 * time.Minute) // a server that was silent for long is asked each quarter of an hour
		if st := d.Status(); st.State != NTP || asked > 150 {
			t.Errorf("%v after the servers came back; %d queries", st.State, asked)
		}
	})
}

// TestLeapSecond: UTC repeats a second, session time doesn't.
func TestLeapSecond(t *testing.T) {
	for _, announced := range []ntp.LeapIndicator{ntp.LeapAddSecond, ntp.LeapDelSecond} {
		synctest.Test(t, func(t *testing.T) {
			s := newSky(0, 0)
			d, stop := s.run(t, nil, star{leap: announced}, star{leap: announced}, star{leap: announced})
			defer stop()
			time.Sleep(2 * time.Hour)
			jump := -time.Second
			if announced == ntp.LeapDelSecond {
				jump = time.Second
			}
			s.mu.Lock()
			s.offset += jump
			for _, x := range s.stars {
				x.leap = ntp.LeapNoWarning
			}
			s.mu.Unlock()
			time.Sleep(6 * time.Hour)
			st := d.Status()
			if st.Leaps != -jump || st.State != NTP {
				t.Fatalf("%+v", st)
			}
			if e := (s.error() + jump).Abs(); e > ms {
				t.Errorf("session time moved by %v", e)
			}
		})
	}
}

// TestKissOfDeath: asked less, or never again.
func TestKissOfDeath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSky(0, 0)
		d, stop := s.run(t, nil, star{}, star{kiss: "RATE"}, star{kiss: "DENY"}, star{err: errors.New("garbage")})
		defer stop()
		time.Sleep(4 * time.Hour)
		st := d.Status()
		s.mu.Lock()
		defer s.mu.Unlock()
		if n := s.queries["b"]; n < 3 || n > 30 || st.Servers[1].Refused[ReasonKiss] != uint64(n) {
			t.Errorf("RATE: asked %d times, %v", n, st.Servers[1].Refused)
		}
		if n := s.queries["c"]; n != 1 {
			t.Errorf("DENY: asked %d times", n)
		}
		if st.Servers[3].Refused[ReasonMalformed] == 0 || st.Used != 1 || st.State != NTP {
			t.Errorf("%+v", st)
		}
	})
}
