package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/downbeat-sync/downbeat/wire"
)

// counts are what is counted of sessions, connections, commands, takes and the store.
type counts struct {
	joins, leaves, refusals      *prometheus.CounterVec
	created, leads               prometheus.Counter
	removed                      *prometheus.CounterVec
	commands, results, responses *prometheus.CounterVec
	recordings, uploads          *prometheus.CounterVec
	received                     prometheus.Counter
	store                        *prometheus.HistogramVec
	storeErrors                  *prometheus.CounterVec
}

// Label values that are there from the start, so that rates are right from the first one on.
var (
	roles    = []string{"any", "leader", "member", "watcher", "observer"}
	events   = wire.Commands()
	results  = []string{"all", "some", "none", "nobody", "cancelled"}
	outcomes = []string{"acted", "late", "missed", "silent"}
	storeOps = []string{"get", "list", "put", "delete"}
)

// codesKept bounds the codes of refusals that get a series each.
const codesKept = 200

func newCounts(to promauto.Factory) *counts {
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		return to.NewCounterVec(prometheus.CounterOpts{Name: "downbeat_" + name, Help: help}, labels)
	}
	counter := func(name, help string) prometheus.Counter {
		return to.NewCounter(prometheus.CounterOpts{Name: "downbeat_" + name, Help: help})
	}
	c := &counts{
		joins:       vec("joins_total", "Devices that joined this instance, by role; any: where there are no roles.", "role"),
		leaves:      vec("leaves_total", "Connections of devices that ended, by close code, and by who closed.", "code", "by"),
		refusals:    vec("refusals_total", "Requests and messages that were refused, by the error's code.", "code", "via"),
		created:     counter("sessions_created_total", "Sessions that this instance created."),
		removed:     vec("sessions_removed_total", "Sessions that this instance removed.", "reason"),
		leads:       counter("lead_changes_total", "Changes of who leads a session."),
		commands:    vec("commands_total", "Commands that this instance issued, by their event.", "event"),
		results:     vec("command_results_total", "How commands went: all, some or none of their devices acted, there was nobody, or they were cancelled.", "event", "result"),
		responses:   vec("command_devices_total", "Devices in the first reports on commands: acted in time, acted late, missed, or said nothing.", "outcome"),
		recordings:  vec("recordings_total", "Recordings that were uploaded, or have failed.", "result"),
		uploads:     vec("uploads_total", "Uploads of recordings that began or were given up.", "result"),
		received:    counter("upload_received_bytes_total", "Bytes of uploads that were written to the disk."),
		storeErrors: vec("store_errors_total", "Operations on the store that failed.", "operation"),
		store: to.NewHistogramVec(prometheus.HistogramOpts{
			Name: "downbeat_store_operation_seconds", Help: "How long operations on the store took.", Buckets: spans}, []string{"operation"}),
	}
	c.prime()
	return c
}

// prime makes the series whose labels are known.
func (c *counts) prime() {
	for _, role := range roles {
		c.joins.WithLabelValues(role)
	}
	for _, event := range events {
		c.commands.WithLabelValues(event)
		for _, result := range results {
			c.results.WithLabelValues(event, result)
		}
	}
	for _, outcome := range outcomes {
		c.responses.WithLabelValues(outcome)
	}
	for _, op := range storeOps {
		c.store.WithLabelValues(op)
		c.storeErrors.WithLabelValues(op)
	}
	for _, reason := range []string{"ended", "idle"} {
		c.removed.WithLabelValues(reason)
	}
	for _, result := range []string{"uploaded", "failed"} {
		c.recordings.WithLabelValues(result)
	}
	for _, result := range []string{"started", "given_up"} {
		c.uploads.WithLabelValues(result)
	}
}

// Joined counts a device that joined; role is empty where there are none.
func (m *Metrics) Joined(role string) {
	if role == "" {
		role = "any"
	}
	m.counts.joins.WithLabelValues(role).Inc()
}

// Left counts a connection that ended. What is no code of the protocol counts as other.
func (m *Metrics) Left(code int, byServer bool) {
	by := "client"
	if byServer {
		by = "server"
	}
	m.counts.leaves.WithLabelValues(closeCode(code), by).Inc()
}

// Refused counts a request or message that was refused.
func (m *Metrics) Refused(code, via string) {
	m.mu.Lock()
	if !m.codes[code] && len(m.codes) >= codesKept {
		code = "other"
	}
	m.codes[code] = true
	m.mu.Unlock()
	m.counts.refusals.WithLabelValues(code, via).Inc()
}

// Created counts a session that was created.
func (m *Metrics) Created() { m.counts.created.Inc() }

// Removed counts a session that was removed: ended or idle.
func (m *Metrics) Removed(reason string) { m.counts.removed.WithLabelValues(reason).Inc() }

// LeadChanged counts a change of who leads.
func (m *Metrics) LeadChanged() { m.counts.leads.Inc() }

// Issued counts a command.
func (m *Metrics) Issued(event string) { m.counts.commands.WithLabelValues(event).Inc() }

// Cancelled counts a command that was taken back.
func (m *Metrics) Cancelled(event string) { m.counts.results.WithLabelValues(event, "cancelled").Inc() }

// Reported counts how a command went: of so many devices some acted, a part of them late, and
// some said that they missed it. spread is that of two and more.
func (m *Metrics) Reported(event string, devices, acted, late, missed int, spread time.Duration) {
	result := "some"
	switch {
	case devices == 0:
		result = "nobody"
	case acted == 0:
		result = "none"
	case acted == devices:
		result = "all"
	}
	m.counts.results.WithLabelValues(event, result).Inc()
	for outcome, n := range map[string]int{"acted": acted - late, "late": late, "missed": missed, "silent": devices - acted - missed} {
		m.counts.responses.WithLabelValues(outcome).Add(float64(max(n, 0)))
	}
	if acted > 1 {
		m.spread.Observe(spread.Seconds())
	}
}

// Recorded counts a recording that was uploaded or has failed.
func (m *Metrics) Recorded(uploaded bool) {
	result := "failed"
	if uploaded {
		result = "uploaded"
	}
	m.counts.recordings.WithLabelValues(result).Inc()
}

// UploadStarted counts an upload that began, or went on after it was given up.
func (m *Metrics) UploadStarted() { m.counts.uploads.WithLabelValues("started").Inc() }

// UploadGivenUp counts one that was given up.
func (m *Metrics) UploadGivenUp() { m.counts.uploads.WithLabelValues("given_up").Inc() }

// Received counts bytes of uploads.
func (m *Metrics) Received(bytes int) { m.counts.received.Add(float64(bytes)) }

// Stored counts an operation on the store.
func (m *Metrics) Stored(operation string, took time.Duration, failed bool) {
	m.counts.store.WithLabelValues(operation).Observe(took.Seconds())
	if failed {
		m.counts.storeErrors.WithLabelValues(operation).Inc()
	}
}
