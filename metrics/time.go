package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/downbeat-sync/downbeat/clock/utc"
)

var (
	stateDesc    = desc("utc_state", "1 for what session time follows: ntp, holdover, or the local clock.", "state")
	distanceDesc = desc("utc_root_distance_seconds", "Farthest that UTC can lie from session time, if the majority of the NTP servers is right.")
	offsetDesc   = desc("utc_offset_seconds", "UTC less session time: what is still to be slewed away.")
	rateDesc     = desc("utc_rate_ratio", "Rate of UTC against the monotonic clock as it was learnt, less 1.")
	leapDesc     = desc("utc_leap_seconds", "Session time less UTC that leap seconds have left since the start.")
	stepsDesc    = desc("utc_steps_total", "Steps of session time, all of them before the first device.")
	serversDesc  = desc("utc_servers", "NTP servers: asked, reachable, used, falseticker.", "state")
	answersDesc  = desc("utc_answers_total", "Answers of NTP servers that were used.")
	refusedDesc  = desc("utc_refused_total", "Queries of NTP servers that brought nothing.", "reason")
)

// time tells what session time follows; without NTP servers only that.
func (c collector) time(ch chan<- prometheus.Metric) {
	s := utc.Status{State: utc.Local}
	if c.cfg.Time != nil {
		s = c.cfg.Time()
	}
	for _, state := range []utc.State{utc.Local, utc.NTP, utc.Holdover} {
		v := 0.0
		if s.State == state {
			v = 1
		}
		ch <- gauge(stateDesc, v, string(state))
	}
	if c.cfg.Time == nil {
		return
	}
	if s.State != utc.Local {
		ch <- gauge(distanceDesc, s.RootDistance.Seconds())
		ch <- gauge(offsetDesc, s.Offset.Seconds())
	}
	ch <- gauge(rateDesc, s.Rate)
	ch <- gauge(leapDesc, s.Leaps.Seconds())
	ch <- counter(stepsDesc, float64(s.Steps))
	collectServers(ch, s)
}

func collectServers(ch chan<- prometheus.Metric, s utc.Status) {
	falsetickers, answers := 0, uint64(0)
	refused := map[utc.Reason]uint64{}
	for _, server := range s.Servers {
		if server.Falseticker {
			falsetickers++
		}
		answers += server.Answers
		for reason, n := range server.Refused {
			refused[reason] += n
		}
	}
	ch <- gauge(serversDesc, float64(len(s.Servers)), "asked")
	ch <- gauge(serversDesc, float64(s.Reachable), "reachable")
	ch <- gauge(serversDesc, float64(s.Used), "used")
	ch <- gauge(serversDesc, float64(falsetickers), "falseticker")
	ch <- counter(answersDesc, float64(answers))
	for _, reason := range utc.Reasons {
		ch <- counter(refusedDesc, float64(refused[reason]), string(reason))
	}
}
