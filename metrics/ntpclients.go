package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
)

var clientsDesc = desc("ntp_client_packets_total", "Packets that came to the NTP server of session time, by what became of them.", "outcome")

// ntpClients tells what became of the packets of NTP clients.
func (c collector) ntpClients(ch chan<- prometheus.Metric) {
	if c.cfg.NTPClients == nil {
		return
	}
	for outcome, n := range c.cfg.NTPClients() {
		ch <- counter(clientsDesc, float64(n), string(outcome))
	}
}
