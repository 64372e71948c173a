package server

import (
	"context"
	"time"

	"github.com/downbeat-sync/downbeat/api"
	"github.com/downbeat-sync/downbeat/clock/utc"
)

// firstAnswers is how long the service waits for a majority of the NTP servers
// before it serves: until then session time may still be stepped.
const firstAnswers = 2 * time.Second

// discipline makes what keeps session time near UTC by NTP servers; nil without any.
func (s *Server) discipline() (*utc.Discipline, error) {
	if len(s.cfg.NTP) == 0 {
		return nil, nil
	}
	ntp, err := utc.New(utc.Config{Servers: s.cfg.NTP, Source: s.clock, Now: s.cfg.Now, Step: s.stepToUTC, Steers: s.mayFollowUTC, Log: s.log})
	if err != nil { // it has looked at the servers' names, and asked nobody yet
		return nil, wrong("{NTP}: %w", err)
	}
	return ntp, nil
}

// awaitNTP waits until session time is right or will not be soon.
func (s *Server) awaitNTP(ctx context.Context) {
	if s.ntp == nil {
		return
	}
	select {
	case <-s.ntp.Synced():
	case <-time.After(firstAnswers):
	case <-ctx.Done():
	}
}

// followed tells what session time follows.
func (s *Server) followed() api.TimeStatus {
	out := s.followedUTC()
	out.Reference = s.followedReference()
	return out
}

func (s *Server) followedUTC() api.TimeStatus {
	if s.ntp == nil {
		return api.TimeStatus{State: string(utc.Local)}
	}
	st := s.ntp.Status()
	out := api.TimeStatus{
		State: string(st.State), Why: st.Why, Servers: len(st.Servers), Reachable: st.Reachable, Used: st.Used,
	}
	if st.State != utc.Local {
		offset, distance := ms(st.Offset), ms(st.RootDistance)
		out.OffsetMs, out.RootDistanceMs = &offset, &distance
	}
	return out
}
