package server

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/metrics"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// observer counts what happens and writes it down, an event a line. Names and keys are
// those of docs/operating.md.
type observer struct {
	*metrics.Metrics
	log     *slog.Logger
	limit   *lineLimit
	proxies []netip.Prefix
}

// write writes an event's line. Nothing is put together for lines that nobody reads.
func (o *observer) write(event string, attrs func() []slog.Attr) {
	ctx := context.Background()
	if o.log.Enabled(ctx, slog.LevelInfo) && o.limit.allow(event, eventLines) {
		o.log.LogAttrs(ctx, slog.LevelInfo, event, attrs()...)
	}
}

// Happened is told by the sessions.
func (o *observer) Happened(h session.Happening) {
	o.count(h)
	o.write(string(h.Kind), func() []slog.Attr {
		attrs := []slog.Attr{slog.String("session", h.SessionID)}
		for _, a := range []struct{ key, value string }{
			{"user", h.UserID}, {"from", h.From}, {"device", h.DeviceID}, {"command", h.CommandID}, {"take", h.TakeID},
			{"recording", h.RecordingID}, {"event", h.Event}, {"name", h.Name}, {"reason", h.Reason},
		} {
			if a.value != "" {
				attrs = append(attrs, slog.String(a.key, a.value))
			}
		}
		if h.Ahead != 0 && h.Kind != session.CommandIsOff {
			attrs = append(attrs, slog.Float64("ahead_ms", ms(h.Ahead)))
		}
		if h.Devices != 0 {
			attrs = append(attrs, slog.Int("devices", h.Devices))
		}
		if h.Bytes != 0 {
			attrs = append(attrs, slog.Int64("bytes", h.Bytes))
		}
		if r := h.Report; r != nil {
			attrs = append(attrs, slog.Int("devices", r.Devices), slog.Int("acted", r.Acted), slog.Int("late", r.Late), slog.Int("missed", r.Missed))
			if r.Acted > 1 {
				attrs = append(attrs, slog.Float64("spread_ms", ms(r.Spread)))
			}
		}
		return attrs
	})
}

func (o *observer) count(h session.Happening) {
	switch h.Kind {
	case session.SessionIsCreated:
		o.Created()
	case session.SessionIsRemoved:
		o.Removed(h.Reason)
	case session.LeadIsTaken:
		o.LeadChanged()
	case session.CommandIsIssued, session.TakeIsStarted, session.TakeIsStopped, session.PlaybackIsChanged:
		o.Issued(h.Event)
	case session.CommandIsOff:
		o.Cancelled(h.Event)
	case session.CommandIsReported:
		r := h.Report
		o.Reported(h.Event, r.Devices, r.Acted, r.Late, r.Missed, r.Spread)
	case session.UploadIsBegun:
		o.UploadStarted()
	case session.UploadIsGivenUp:
		o.UploadGivenUp()
	case session.UploadIsDone, session.RecordingIsLost:
		o.Recorded(h.Kind == session.UploadIsDone)
	}
}

// Joined is told by the connections.
func (o *observer) Joined(v signaling.Visit) {
	o.Metrics.Joined(string(v.Role))
	o.write("device_joined", func() []slog.Attr { return append(visitor(v), slog.Bool("resumed", v.Resumed)) })
}

// Left is told by the connections.
func (o *observer) Left(v signaling.Visit, f signaling.Farewell) {
	o.Metrics.Left(f.Code, f.ByServer)
	o.write("device_left", func() []slog.Attr {
		by := "client"
		if f.ByServer {
			by = "server"
		}
		attrs := append(visitor(v), slog.Int("code", f.Code), slog.String("by", by), slog.Float64("stayed_s", f.Stayed.Round(time.Millisecond).Seconds()))
		if f.Reason != "" {
			attrs = append(attrs, slog.String("reason", f.Reason))
		}
		return attrs
	})
}

func visitor(v signaling.Visit) []slog.Attr {
	attrs := []slog.Attr{slog.String("session", v.SessionID), slog.String("user", v.UserID), slog.String("device", v.DeviceID), slog.String("addr", decent(v.Addr))}
	if v.Role != "" {
		attrs = append(attrs, slog.String("role", string(v.Role)))
	}
	return attrs
}

// Refused is told by the connections and by HTTP.
func (o *observer) Refused(r signaling.Refusal) {
	o.Metrics.Refused(r.Code, r.Via)
	if !o.log.Enabled(context.Background(), slog.LevelInfo) || !o.limit.allow(r.Code, refusalLines) {
		return
	}
	o.write("refused", func() []slog.Attr {
		attrs := []slog.Attr{slog.String("code", r.Code), slog.String("via", r.Via), slog.String("addr", decent(r.Addr))}
		if session.ValidSessionID(r.SessionID) {
			attrs = append(attrs, slog.String("session", r.SessionID))
		}
		if r.DeviceID != "" {
			attrs = append(attrs, slog.String("device", r.DeviceID))
		}
		return attrs
	})
}

// uploadObserver is the observer as the uploads know it.
type uploadObserver struct{ *observer }

// Refused is told by the uploads.
func (o uploadObserver) Refused(r *http.Request, code string) {
	o.observer.Refused(signaling.Refusal{Code: code, Via: "upload", Addr: access.Address(r, o.proxies)})
}

// decent is as much of an address as a log may keep: the whole of one that means something in
// this network only, and the network of one that is somebody's in the world.
func decent(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if !a.IsValid() {
		return ""
	}
	if a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() {
		return a.String()
	}
	bits := 48
	if a.Is4() {
		bits = 24
	}
	network, _ := a.Prefix(bits)
	return network.String()
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
