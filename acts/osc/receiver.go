package osc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/wire"
)

const (
	mostPacket = 64 << 10
	mostAtOnce = 16 // messages that are carried out at the same time; what comes beside is refused
	callTime   = 10 * time.Second
)

// Receiver takes messages in that start commands of the session.
type Receiver struct {
	conn net.PacketConn
	log  *slog.Logger
}

// NewReceiver listens on a UDP address; nil as a log is silence. Whoever reaches that address may say what
// the device may: OSC has no keys.
func NewReceiver(addr string, log *slog.Logger) (*Receiver, error) {
	conn, err := net.ListenPacket("udp", addr)
	if err != nil {
		return nil, err
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Receiver{conn, log}, nil
}

// Addr is where it listens.
func (r *Receiver) Addr() net.Addr { return r.conn.LocalAddr() }

// Configure changes nothing: the device acts as it does.
func (r *Receiver) Configure(*device.Config) {}

// Run carries messages out until ctx ends, and answers each.
func (r *Receiver) Run(ctx context.Context, d *device.Device) error {
	stop := context.AfterFunc(ctx, func() { _ = r.conn.Close() })
	defer stop()
	var calls sync.WaitGroup
	defer calls.Wait()
	atOnce := make(chan struct{}, mostAtOnce)
	buf := make([]byte, mostPacket)
	for {
		n, from, err := r.conn.ReadFrom(buf)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			r.log.Debug("osc", "err", err) // of an answer that nobody took, on some systems
			continue
		}
		list, err := Parse(buf[:n])
		if err != nil {
			r.answer(from, "", nil, &session.Error{Code: wire.CodeBadMessage, Message: err.Error()})
		}
		for _, m := range list {
			select {
			case atOnce <- struct{}{}:
				calls.Go(func() {
					defer func() { <-atOnce }()
					r.carryOut(ctx, d, from, m)
				})
			default:
				r.answer(from, m.Address, nil, &session.Error{Code: wire.CodeTooManyMessages, Message: "too many messages at once"})
			}
		}
	}
}

func (r *Receiver) carryOut(ctx context.Context, d *device.Device, from net.Addr, m Message) {
	name, ours := strings.CutPrefix(m.Address, "/downbeat/")
	if !ours || name == "ok" || name == "error" { // answers aren't answered
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	done, err := start(ctx, d, name, m)
	r.answer(from, m.Address, done, err)
}

// answer tells the sender of a message what came of it.
func (r *Receiver) answer(to net.Addr, address string, done []any, err error) {
	m := Message{Address: "/downbeat/ok", Args: append([]any{address}, done...)}
	var refused *session.Error
	switch {
	case errors.As(err, &refused):
		m = Message{Address: "/downbeat/error", Args: []any{address, refused.Code, refused.Message}}
	case errors.Is(err, signaling.ErrEnded), errors.Is(err, context.DeadlineExceeded):
		m = Message{Address: "/downbeat/error", Args: []any{address, wire.CodeUnavailable, "the device isn't connected to its server"}}
	case err != nil:
		m = Message{Address: "/downbeat/error", Args: []any{address, wire.CodeBadField, err.Error()}}
	}
	_, _ = r.conn.WriteTo(m.Append(nil), to) // who has gone wants no answer
}

// start starts what a message asks for, and returns the arguments of the answer.
func start(ctx context.Context, d *device.Device, name string, m Message) ([]any, error) {
	if m.At != Immediately && name != "record" && name != "flash" && name != "command" {
		return nil, errors.New("that can't be asked for a time to come: leave the time tag out")
	}
	a := arguments{list: m.Args}
	switch name {
	case "record":
		q := device.Recording{Label: a.text(), Duration: a.seconds(), When: whenOf(m.At)}
		return scheduled(a, func() (session.Scheduled, error) { return d.StartRecording(ctx, q) })
	case "stop":
		return scheduled(a, func() (session.Scheduled, error) { return d.StopRecording(ctx) })
	case "flash":
		return schedule(ctx, d, "flash", a.list, m.At)
	case "command":
		name := a.text()
		return schedule(ctx, d, name, a.list, m.At)
	case "lead":
		token := a.text()
		if err := a.over(); err != nil {
			return nil, err
		}
		return nil, d.RequestLeadership(ctx, token)
	}
	return play(ctx, d, name, a)
}

// play starts what moves the media.
func play(ctx context.Context, d *device.Device, name string, a arguments) ([]any, error) {
	switch given := len(a.list) > 0; {
	case name == "play" && !given:
		return scheduled(a, func() (session.Scheduled, error) { return d.Play(ctx) })
	case name == "pause" && !given:
		return scheduled(a, func() (session.Scheduled, error) { return d.Pause(ctx) })
	case name == "load":
		url := a.text()
		if err := a.over(); err != nil {
			return nil, err
		}
		return nil, d.LoadMedia(ctx, device.Media{URL: url})
	}
	to := map[string]func(context.Context, time.Duration) (session.Scheduled, error){"play": d.PlayFrom, "pause": d.PauseAt, "seek": d.Seek}[name]
	switch {
	case to != nil:
		if len(a.list) == 0 {
			return nil, errors.New("a position is missing")
		}
		position := a.seconds()
		return scheduled(a, func() (session.Scheduled, error) { return to(ctx, position) })
	case name == "rate":
		rate := a.number()
		return scheduled(a, func() (session.Scheduled, error) { return d.SetRate(ctx, rate) })
	}
	return nil, &session.Error{Code: wire.CodeUnknownEvent, Message: "there is no /downbeat/" + name}
}

// schedule has all devices act; of several arguments the payload is a list.
func schedule(ctx context.Context, d *device.Device, name string, args []any, at TimeTag) ([]any, error) {
	c := device.Command{Name: name, When: whenOf(at)}
	switch len(args) {
	case 0:
	case 1:
		c.Payload = args[0]
	default:
		c.Payload = args
	}
	return scheduled(arguments{}, func() (session.Scheduled, error) { return d.Schedule(ctx, c) })
}

// scheduled makes a request, unless its arguments are wrong, and returns id and instant.
func scheduled(a arguments, request func() (session.Scheduled, error)) ([]any, error) {
	if err := a.over(); err != nil {
		return nil, err
	}
	cmd, err := request()
	if err != nil {
		return nil, err
	}
	return []any{cmd.CommandID, TagOf(cmd.Timestamp)}, nil
}

func whenOf(at TimeTag) (w device.When) {
	if at != Immediately {
		w.At = at.Session()
	}
	return w
}

// arguments are taken one after the other; one that is missing is empty.
type arguments struct {
	list []any
	err  error
}

func (a *arguments) next() (arg any) {
	if len(a.list) > 0 {
		arg, a.list = a.list[0], a.list[1:]
	}
	return arg
}

func (a *arguments) text() string {
	switch v := a.next().(type) {
	case nil:
	case string:
		return v
	default:
		a.err = fmt.Errorf("%v isn't a string", v)
	}
	return ""
}

func (a *arguments) number() float64 {
	switch v := a.next().(type) {
	case nil:
	case int32:
		return float64(v)
	case int64:
		return float64(v)
	case float32:
		return float64(v)
	case float64:
		return v
	default:
		a.err = fmt.Errorf("%v isn't a number", v)
	}
	return 0
}

// seconds is a duration of a day at most.
func (a *arguments) seconds() time.Duration {
	s := a.number()
	if !(s >= 0 && s <= 24*3600) {
		a.err = fmt.Errorf("%v isn't a number of seconds within a day", s)
		return 0
	}
	return time.Duration(s * float64(time.Second))
}

// over returns what is wrong with the arguments, now that all should have been taken.
func (a *arguments) over() error {
	if a.err == nil && len(a.list) > 0 {
		return errors.New("there are more arguments than are known")
	}
	return a.err
}
