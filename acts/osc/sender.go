package osc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

const (
	// ahead is how long before the instant a bundle is sent, or later where the command came later: long
	// enough for any network, and short enough that what is called off is rarely on its way.
	ahead = time.Second
	// refusedWithin is how long it may take to hear that nobody listens.
	refusedWithin = 200 * time.Millisecond
)

// Sender tells acts to another program.
type Sender struct {
	conn     net.Conn
	log      *slog.Logger
	prepared chan prepared
	sent     chan struct{} // holds one: something was sent
	refusals atomic.Int64  // how often nobody listened
}

type prepared struct {
	ctx context.Context
	act device.Act
}

// NewSender returns a sender to udp://HOST:PORT; nil as a log is silence.
func NewSender(to string, log *slog.Logger) (*Sender, error) {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "udp" || u.Hostname() == "" || u.Port() == "" || u.Path != "" {
		return nil, fmt.Errorf("%q isn't like udp://HOST:PORT", to)
	}
	conn, err := net.Dial("udp", u.Host)
	if err != nil {
		return nil, err
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Sender{conn: conn, log: log, prepared: make(chan prepared), sent: make(chan struct{}, 1)}, nil
}

// Configure makes a device tell its acts. Call it before the device is made.
func (s *Sender) Configure(cfg *device.Config) {
	cfg.NoRecording = true
	cfg.Prepare = func(ctx context.Context, a device.Act) func(device.Act) {
		select {
		case s.prepared <- prepared{ctx, a}:
		case <-ctx.Done():
		}
		message := messageOf("/downbeat/act/", a).Append(nil)
		return func(device.Act) { s.send(message) }
	}
}

// Run sends bundles, and says in the device's status whether anybody listens, until ctx ends.
func (s *Sender) Run(ctx context.Context, d *device.Device) error {
	var beside sync.WaitGroup
	defer beside.Wait()
	defer s.conn.Close()
	beside.Go(s.hear)
	away, seen := false, int64(0)
	var due <-chan time.Time // for a look whether what was sent was refused
	for {
		select {
		case p := <-s.prepared:
			beside.Go(func() { s.sendAhead(ctx, d, p) })
		case <-s.sent:
			due = time.After(refusedWithin)
		case <-due:
			refusals := s.refusals.Load()
			if now := refusals > seen; now != away {
				away = now
				s.tell(d, away)
			}
			due, seen = nil, refusals
		case <-ctx.Done():
			return nil
		}
	}
}

// sendAhead sends the bundle of an act, unless it is called off first.
func (s *Sender) sendAhead(ctx context.Context, d *device.Device, p prepared) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.ctx, cancel)()
	if _, ok := d.Wait(ctx, p.act.Timestamp.Add(-ahead)); !ok {
		return
	}
	if now, _ := d.Clock().Now(); now < p.act.Timestamp { // else the plain message says it all
		s.send(messageOf("/downbeat/at/", p.act).AppendBundle(nil, TagOf(p.act.Timestamp)))
	}
}

func (s *Sender) send(packet []byte) {
	if _, err := s.conn.Write(packet); err != nil && !errors.Is(err, net.ErrClosed) {
		s.refusals.Add(1)
		_, _ = s.conn.Write(packet) // the error was of the packet before
	}
	select {
	case s.sent <- struct{}{}:
	default:
	}
}

// hear notes that nobody listens, as far as the network says so, until the connection is closed.
func (s *Sender) hear() {
	buf := make([]byte, 1)
	for {
		if _, err := s.conn.Read(buf); errors.Is(err, net.ErrClosed) {
			return
		} else if err != nil {
			s.refusals.Add(1)
		}
	}
}

// tell says in the device's status whether nobody listens.
func (s *Sender) tell(d *device.Device, away bool) {
	if !away {
		d.SetStatus(session.DeviceStatus{})
		return
	}
	s.log.Warn("program_away", "program", "osc", "addr", s.conn.RemoteAddr().String(), "err", "nobody listens there")
	d.SetStatus(session.DeviceStatus{
		Note:     "osc: nobody listens at " + s.conn.RemoteAddr().String(),
		Warnings: []session.Warning{{Code: wire.WarningProgramAway}},
	})
}

// messageOf returns the message of an act: its name below prefix, and its arguments.
func messageOf(prefix string, a device.Act) Message {
	var data struct {
		Label    string  `json:"postureLabel"`
		Duration float64 `json:"duration"` // ms
		Playing  bool    `json:"isPlaying"`
		Position float64 `json:"position"` // s
		Rate     float64 `json:"playbackRate"`
	}
	_ = json.Unmarshal(a.Data, &data) // what isn't there is empty
	switch a.Event {
	case wire.StartRecording:
		return Message{Address: prefix + "record", Args: []any{data.Label, float32(data.Duration / 1000)}}
	case wire.StopRecording:
		return Message{Address: prefix + "stop"}
	case wire.PlaybackSync:
		address := prefix + "pause"
		if data.Playing {
			address = prefix + "play"
		}
		return Message{Address: address, Args: []any{float32(data.Position), float32(data.Rate)}}
	}
	return Message{Address: prefix + "command/" + a.Name, Args: argsOf(a.Payload)}
}

// argsOf turns a payload into arguments: of a list each element, of anything else itself. What OSC has no
// type for is JSON in a string.
func argsOf(payload json.RawMessage) []any {
	var list []json.RawMessage
	if json.Unmarshal(payload, &list) != nil {
		list = []json.RawMessage{payload}
	}
	args := []any{}
	for _, element := range list {
		var v any
		if len(element) == 0 || json.Unmarshal(element, &v) != nil || v == nil {
			continue
		}
		switch v := v.(type) {
		case float64:
			args = append(args, number(v))
		case string, bool:
			args = append(args, v)
		default:
			args = append(args, string(element))
		}
	}
	return args
}

// number returns an int32 where that is exact, else a float32.
func number(v float64) any {
	if v == math.Trunc(v) && math.Abs(v) <= math.MaxInt32 {
		return int32(v)
	}
	return float32(v)
}
