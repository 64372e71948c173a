package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/downbeat-sync/downbeat/clock"
)

// collector looks at what there is when it is scraped.
type collector struct{ cfg Config }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("downbeat_"+name, help, labels, nil)
}

var (
	sessionsDesc = desc("sessions", "Sessions that there are.")
	devicesDesc  = desc("devices_connected", "Connected devices, by the path of their clock frames and the state of their estimate.", "path", "state")
	boundDesc    = desc("device_bound_seconds", "99 % bounds of the connected devices' offsets, now.")
	hardDesc     = desc("device_hard_bound_seconds", "Hard bounds of the connected devices' offsets, now.")
	delayDesc    = desc("device_delay_seconds", "Least round trips to the connected devices, now.")
)

// Describe implements [prometheus.Collector].
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		sessionsDesc, devicesDesc, boundDesc, hardDesc, delayDesc,
		stateDesc, distanceDesc, offsetDesc, rateDesc, leapDesc, stepsDesc, serversDesc, answersDesc, refusedDesc,
		referenceDesc, stratumDesc, offDesc, offHardDesc, framesDesc,
		uploadsDesc, freeDesc, reserveDesc, connectionsDesc, roomDesc,
	} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (c collector) Collect(ch chan<- prometheus.Metric) {
	c.sessions(ch)
	if c.cfg.Devices != nil {
		collectDevices(ch, c.cfg.Devices())
	}
	c.time(ch)
	c.reference(ch)
	c.disk(ch)
	c.connections(ch)
	c.ntpClients(ch)
}

// sessions leaves the number out while the store doesn't answer.
func (c collector) sessions(ch chan<- prometheus.Metric) {
	if c.cfg.Sessions == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if n, err := c.cfg.Sessions(ctx); err == nil {
		ch <- gauge(sessionsDesc, float64(n))
	}
}

func collectDevices(ch chan<- prometheus.Metric, all []Device) {
	type kind struct{ path, state string }
	count := map[kind]int{}
	bounds, hards, delays := newDistribution(), newDistribution(), newDistribution()
	for _, d := range all {
		e := d.Estimate
		count[kind{d.Path, e.State.String()}]++
		if e.State != clock.Unsynced {
			bounds.add(e.Bound)
			hards.add(e.Hard)
			delays.add(e.Delay)
		}
	}
	for _, path := range []string{"", "websocket", "udp", "tcp"} {
		for state := clock.Unsynced; state <= clock.Holdover; state++ {
			ch <- gauge(devicesDesc, float64(count[kind{path, state.String()}]), path, state.String())
		}
	}
	ch <- bounds.metric(boundDesc)
	ch <- hards.metric(hardDesc)
	ch <- delays.metric(delayDesc)
}

func gauge(d *prometheus.Desc, v float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func counter(d *prometheus.Desc, v float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

// distribution is a histogram of the present: it is made anew for each scrape.
type distribution struct {
	n       uint64
	sum     float64
	buckets map[float64]uint64
}

func newDistribution() *distribution {
	d := &distribution{buckets: map[float64]uint64{}}
	for _, le := range spans {
		d.buckets[le] = 0
	}
	return d
}

func (d *distribution) add(x time.Duration) {
	d.n++
	d.sum += x.Seconds()
	for _, le := range spans {
		if x.Seconds() <= le {
			d.buckets[le]++
		}
	}
}

func (d *distribution) metric(desc *prometheus.Desc) prometheus.Metric {
	return prometheus.MustNewConstHistogram(desc, d.n, d.sum, d.buckets)
}
