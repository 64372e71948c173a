package socketio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"golang.org/x/time/rate"

	"github.com/downbeat-sync/downbeat/clock/loop"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/wire"
)

// clockFrame is the event that carries a clock frame each way, as its one binary argument. A client
// that sends it without an argument asks for frames.
const clockFrame = "clock_frame"

// frameRate and frameBurst bound the frames of a client, which answers pings that come every 2 ms
// at most and for a moment.
const (
	frameRate  = 100 // a second
	frameBurst = 500
)

var (
	frameText  = json.RawMessage(`["` + clockFrame + `",{"_placeholder":true,"num":0}]`)
	errWaiting = errors.New("socketio: a frame would have to wait")
	badFrame   = &session.Error{Code: wire.CodeBadFrame, Message: "a clock frame is one binary argument of 60 bytes"}
	noFrames   = &session.Error{Code: wire.CodeUnknownEvent, Message: "this server has no clock for clients of Socket.IO"}
)

// measuring is the server's half of a client's clock.
type measuring struct {
	*loop.Server
	limit *rate.Limiter
	stop  context.CancelFunc
}

// frame takes a clock frame from a client in a session, or begins to send them.
func (g *guest) frame(e event) error {
	switch {
	case g.seat == nil:
		return notJoined
	case g.server.cfg.Measure == nil:
		return noFrames
	case g.clock == nil:
		g.measure()
	}
	switch {
	case len(e.args) == 0:
		return nil
	case !g.clock.limit.Allow():
		return signaling.ErrTooMany
	case len(e.parts) != 1 || g.clock.Receive(e.parts[0]) != nil:
		return badFrame
	}
	return nil
}

// measure sends pings until the client has left its session.
func (g *guest) measure() {
	ctx, stop := context.WithCancel(g.server.ctx)
	g.clock = &measuring{g.server.cfg.Measure(g.sendFrame), rate.NewLimiter(frameRate, frameBurst), stop}
	clock := g.clock.Server
	g.server.clocks.Store(clock, nil)
	g.server.aside(func() { clock.Run(ctx) })
}

// unmeasure ends that.
func (g *guest) unmeasure() {
	if g.clock != nil {
		g.server.clocks.Delete(g.clock.Server)
		g.clock.stop()
		g.clock = nil
	}
}

// Steered has all clients whose clocks are measured told soon that session time goes on in another way.
func (s *Server) Steered() {
	s.clocks.Range(func(clock, _ any) bool {
		clock.(*loop.Server).Kick()
		return true
	})
}

// sendFrame sends a ping, at once or not at all: the stamp of one that waits isn't true any more.
func (g *guest) sendFrame(b []byte) error {
	p := packet{kind: kindBinaryEvent, namespace: mainNamespace, parts: 1, data: frameText}
	if !g.conn.SendNow(p.append(nil), bytes.Clone(b)) {
		return errWaiting
	}
	return nil
}
