// Package metrics tells Prometheus how an instance is doing. It has a registry of
// its own. No label names a device, a session or a server: the number of series
// doesn't grow with use.
//
// Units are seconds. What is counted is counted since the process began; what
// is said of the devices (collector) holds for those that are connected at the scrape.
package metrics

import (
	"context"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/utc"
	"github.com/downbeat-sync/downbeat/ntpserver"
)

// Config says where to look at each scrape. Any of the functions may be nil; they
// must be safe for concurrent use.
type Config struct {
	Version  string
	Devices  func() []Device                        // the connected ones
	Sessions func(ctx context.Context) (int, error) // how many there are
	Time     func() utc.Status                      // nil: no NTP servers are configured

	Reference   func() Reference     // nil: there are no other instances
	Disk        func() (Disk, error) // nil: recordings aren't kept
	Connections func() Connections
	NTPClients  func() map[ntpserver.Outcome]uint64 // nil: none are answered
}

// Device is what is known of a connected device.
type Device struct {
	Estimate clock.Estimate
	Path     string // websocket, udp, tcp, or empty while there is none
}

// Metrics counts what happens. Its methods are safe for concurrent use and cheap.
type Metrics struct {
	registry  *prometheus.Registry
	exchanges prometheus.Counter
	rejected  *prometheus.CounterVec
	acts      *prometheus.CounterVec
	missed    *prometheus.CounterVec
	errors    prometheus.Histogram
	spread    prometheus.Histogram
	counts    *counts

	mu    sync.Mutex
	codes map[string]bool // of refusals
}

// spans are the buckets of times, in seconds: 10 µs to 5 s.
var spans = []float64{10e-6, 20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, .1, .2, .5, 1, 2, 5}

// New returns Metrics that look where cfg says.
func New(cfg Config) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(), codes: map[string]bool{},
		exchanges: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "downbeat_exchanges_total", Help: "Clock exchanges that the estimators used."}),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "downbeat_exchanges_rejected_total", Help: "Clock exchanges that the estimators refused or held back."}, []string{"reason"}),
		acts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "downbeat_acts_total", Help: "Acts that devices reported; late: they got the command after its instant."}, []string{"late"}),
		missed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "downbeat_missed_total", Help: "Commands that devices didn't carry out because it was too late, by why."}, []string{"reason"}),
		errors: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "downbeat_act_error_seconds", Help: "How far an act was from its instant, either way, by the device's word.", Buckets: spans}),
		spread: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "downbeat_command_spread_seconds", Help: "A command's latest act less its earliest, at its first report.", Buckets: spans}),
	}
	m.counts = newCounts(promauto.With(m.registry))
	for _, late := range []string{"false", "true"} {
		m.acts.WithLabelValues(late)
	}
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "downbeat_build_info", Help: "1; the labels say what runs.",
		ConstLabels: prometheus.Labels{"version": cfg.Version, "goversion": runtime.Version()},
	}, func() float64 { return 1 })
	m.registry.MustRegister(m.exchanges, m.rejected, m.acts, m.missed, m.errors, m.spread, build, collector{cfg},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Exchange counts one; reason is empty for one that was used.
func (m *Metrics) Exchange(reason clock.Reason) {
	if reason == "" {
		m.exchanges.Inc()
		return
	}
	m.rejected.WithLabelValues(string(reason)).Inc()
}

// Acted counts an act, by how much it was off, and whether the command came too late.
func (m *Metrics) Acted(off time.Duration, late bool) {
	label := "false"
	if late {
		label = "true"
	}
	m.acts.WithLabelValues(label).Inc()
	m.errors.Observe(off.Abs().Seconds())
}

// Missed counts a command that a device didn't carry out.
func (m *Metrics) Missed(reason string) { m.missed.WithLabelValues(reason).Inc() }

// Handler serves the registry.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}
