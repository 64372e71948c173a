package server

import (
	"net/http"

	"github.com/downbeat-sync/downbeat/api"
	"github.com/downbeat-sync/downbeat/clock/loop"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/socketio"
	"github.com/downbeat-sync/downbeat/web"
)

// openSocketIO makes the door for clients of Socket.IO, unless it is to be shut.
func (s *Server) openSocketIO() http.Handler {
	if s.cfg.NoSocketIO {
		return nil
	}
	s.socketio = socketio.New(socketio.Config{
		Sessions: s.sessions, Signaling: s.signal, Now: s.clock.Now, Observe: s.observer, Refuse: api.Refuse, Client: web.SocketIO(), Log: s.log,
		Measure: s.measureGuest,
	})
	s.devices.clockless = s.socketio.Quality
	return s.socketio
}

// measureGuest measures the clock of a client of Socket.IO.
func (s *Server) measureGuest(send func(frame []byte) error) *loop.Server {
	s.devices.come()
	return loop.NewServer(loop.Config{Source: s.clock, Send: send})
}

// steered has everybody told soon that session time goes on in another way.
func (s *Server) steered() {
	s.devices.steered()
	if s.socketio != nil {
		s.socketio.Steered()
	}
}

// closeSocketIO ends what openSocketIO has made.
func (s *Server) closeSocketIO() {
	if s.socketio != nil {
		s.socketio.Close()
	}
}

// withoutClock is what is known of a device that is connected here and has no clock.
func (d *devices) withoutClock(id string) (session.Quality, bool) {
	if d.clockless == nil {
		return session.Quality{}, false
	}
	return d.clockless(id)
}
