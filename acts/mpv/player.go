package mpv

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/pause"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/wire"
)

// tryEvery is how often an mpv that isn't there is tried again.
const tryEvery = time.Second

// Player has an mpv follow the timeline.
type Player struct {
	socket string
	server *url.URL // that media without a host are of
	log    *slog.Logger
	kick   chan struct{} // holds one: the timeline is another

	mu   sync.Mutex
	line timeline
}

// New returns a Player of the mpv at a Unix socket, which needn't be there yet; nil as a log is silence.
func New(socket string, log *slog.Logger) *Player {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Player{socket: socket, server: &url.URL{}, log: log, kick: make(chan struct{}, 1)}
}

// Configure makes a device tell of the media. Call it before the device is made.
func (p *Player) Configure(cfg *device.Config) {
	if u, err := url.Parse(cfg.URL); err == nil {
		p.server = u.JoinPath("/") // so that paths are below the server's own
	}
	cfg.NoRecording = true
	joined, message, prepare := cfg.OnJoined, cfg.OnMessage, cfg.Prepare
	cfg.OnJoined = func(s session.SessionJoined) {
		p.change(func(l timeline) (timeline, bool) { return l.joined(s.Session.PlaybackState), true })
		if joined != nil {
			joined(s)
		}
	}
	cfg.OnMessage = func(m signaling.Message) {
		p.change(func(l timeline) (timeline, bool) { return l.event(m.Event, m.Data) })
		if message != nil {
			message(m)
		}
	}
	cfg.Prepare = func(ctx context.Context, a device.Act) func(device.Act) {
		if a.Event == wire.PlaybackSync {
			p.change(func(l timeline) (timeline, bool) { return l.command(a) })
		}
		if prepare != nil {
			return prepare(ctx, a)
		}
		return nil
	}
}

// change changes the timeline; ok is false where nothing has.
func (p *Player) change(f func(timeline) (_ timeline, ok bool)) {
	p.mu.Lock()
	l, ok := f(p.line)
	if ok {
		p.line = l
	}
	p.mu.Unlock()
	if ok {
		select {
		case p.kick <- struct{}{}:
		default:
		}
	}
}

// timeline returns the media's timeline as it is known now.
func (p *Player) timeline() timeline {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.line
}

// address is where mpv finds a medium: over HTTP alone, since whoever leads a session names it.
func (p *Player) address(media string) (string, error) {
	u, err := p.server.Parse(media)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", refused("it plays what is at http and https addresses alone")
	}
	return u.String(), nil
}

// Run has mpv play until ctx ends, and says in the device's status how it goes.
func (p *Player) Run(ctx context.Context, d *device.Device) error {
	away := ""
	for ctx.Err() == nil {
		err := p.follow(ctx, d)
		if ctx.Err() != nil {
			break
		}
		if says := err.Error(); says != away {
			p.log.Warn("program_away", "program", "mpv", "addr", p.socket, "err", err)
			away = says
		}
		d.SetStatus(session.DeviceStatus{
			Note: "mpv: nobody answers at " + p.socket, Warnings: []session.Warning{{Code: wire.WarningProgramAway}},
		})
		pause.For(ctx, tryEvery)
	}
	return nil
}

// follow has an mpv play until it goes, or ctx ends.
func (p *Player) follow(ctx context.Context, d *device.Device) error {
	c, err := dial(ctx, p.socket)
	if err != nil {
		return err
	}
	defer c.close()
	defer context.AfterFunc(ctx, func() { _ = c.net.Close() })()
	f := &follower{player: p, device: d, conn: c}
	if err := f.begin(); err != nil {
		return err
	}
	defer f.leave()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case m, ok := <-c.events:
			if !ok {
				return errors.New("mpv has gone")
			}
			if !f.event(m) {
				continue
			}
		case <-p.kick:
		case <-timer.C:
		}
		next, err := f.step()
		var no refused
		switch {
		case errors.As(err, &no):
			f.fail(no)
		case err != nil:
			return fmt.Errorf("following: %w", err)
		}
		timer.Reset(next)
	}
}
