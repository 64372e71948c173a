package metrics

import "github.com/prometheus/client_golang/prometheus"

// Disk is what is kept of recordings, and what there is room for.
type Disk struct {
	Open          int   // uploads that aren't finished
	Free, Reserve int64 // bytes; Reserve of them are left free
}

// Connections are those over HTTP.
type Connections struct {
	Open, WebSockets int    // the WebSockets are among the open ones
	Refused, Closed  uint64 // for want of room: at once; idle ones for others
}

var (
	uploadsDesc     = desc("uploads_open", "Uploads of recordings that aren't finished.")
	freeDesc        = desc("disk_free_bytes", "What may be written to the disk of the recordings.")
	reserveDesc     = desc("disk_reserve_bytes", "How much of it uploads leave free.")
	connectionsDesc = desc("connections_open", "Connections over HTTP, and the WebSockets among them.", "kind")
	roomDesc        = desc("connections_refused_total", "Connections that there was no room for, and idle ones that were closed for others.", "what")
)

func (c collector) disk(ch chan<- prometheus.Metric) {
	if c.cfg.Disk == nil {
		return
	}
	d, err := c.cfg.Disk()
	ch <- gauge(uploadsDesc, float64(d.Open))
	if err == nil {
		ch <- gauge(freeDesc, float64(d.Free))
		ch <- gauge(reserveDesc, float64(d.Reserve))
	}
}

func (c collector) connections(ch chan<- prometheus.Metric) {
	if c.cfg.Connections == nil {
		return
	}
	n := c.cfg.Connections()
	ch <- gauge(connectionsDesc, float64(n.Open), "http")
	ch <- gauge(connectionsDesc, float64(n.WebSockets), "websocket")
	ch <- counter(roomDesc, float64(n.Refused), "new")
	ch <- counter(roomDesc, float64(n.Closed), "idle")
}
