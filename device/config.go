package device

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"time"

	"github.com/pion/transport/v5"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// Config says what to join, and as whom. SessionID and one of URL and URLs are required.
type Config struct {
	URL string // of the server, http or https
	// URLs are further instances of the same service: when one can't be reached, or is lost, the
	// next one is tried. One that is no URL is an error, one that is there twice counts once.
	URLs      []string
	SessionID string
	Create    bool   // the session is created if there is none; else the device says that there is none
	UserID    string // given by the server if empty
	Username  string
	// DeviceType is desktop, mobile or native (the default). ViewType is a label
	// of the device's place.
	DeviceType, ViewType string
	// NoRecording keeps the device out of takes: it acts at their start and stop, but has no
	// recording of its own and isn't waited for.
	NoRecording bool
	// Key is one of the session's keys or the admin key, Token the creator's or a
	// JSON Web Token, as the server's access mode wants it. UserToken joins as a further
	// device of the user who was told it, ResumeToken as the very device.
	Key, Token, UserToken, ResumeToken string

	// Act is called at the instant of each command, on a goroutine of its own. nil: nothing
	// is done, and the server is told that it was.
	Act func(Act)
	// Prepare, if any, is called once for each command as soon as the device knows of it, ahead
	// of its instant and on a goroutine of its own, for what takes time: to open a device, to
	// decode a sound. The function that it returns is called at the instant in the place of
	// Act; nil: Act is called. The device tells the server that it is armed only when Prepare has
	// returned; where that is after the instant it acts right then, or reports the command as missed
	// if that is too late. ctx ends when the command was cancelled, missed or carried out, and when Run
	// ends: release then what isn't needed any more. Of the Act what belongs to its
	// instant (At, Bound, Late) isn't known yet.
	Prepare func(ctx context.Context, a Act) (act func(Act))
	// OnMissed is called for each command that wasn't carried out because it was too late,
	// on a goroutine of its own; late is from the command's instant, reason one of the
	// session package's.
	OnMissed func(a Act, late time.Duration, reason string)
	// OnJoined is called each time that the device has joined, the first time and after lost
	// connections, with the session as it was then. It must not block. Messages that tell of later
	// changes may come before it.
	OnJoined func(session.SessionJoined)
	// OnMessage gets the messages that are not commands, in order; it must
	// not block.
	OnMessage func(signaling.Message)

	// OnExchange gets the four stamps of each exchange with this device, which only
	// the server has, and the path that it took: websocket, udp or tcp. It must not
	// block. nil: the server isn't asked for them.
	OnExchange func(path string, x clock.Exchange)

	// Now is the device's clock; nil: the machine's monotonic clock.
	Now        func() clock.DeviceTime
	Resolution time.Duration // of Now; 0 when it is finer than 1 µs
	// Spin is how long before an instant the device stops sleeping and watches
	// the clock; 0: 2 ms, negative: it sleeps up to the instant.
	Spin time.Duration

	TCPOnly bool        // as if UDP were blocked
	TLS     *tls.Config // of https; nil: the system's authorities
	// NetDial and Net replace the machine's network.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)
	Net     transport.Net
	Log     *slog.Logger // nil: silence
}

const defaultSpin = 2 * time.Millisecond

func (c Config) withDefaults() Config {
	if c.Now == nil {
		start := time.Now()
		c.Now = func() clock.DeviceTime { return clock.DeviceTime(time.Since(start)) }
	}
	if c.Spin == 0 {
		c.Spin = defaultSpin
	}
	if c.DeviceType == "" {
		c.DeviceType = "native"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
