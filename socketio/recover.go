package socketio

import (
	"context"
	"time"
)

// take notes that a client has a seat.
func (s *Server) take(seat *seat) {
	s.devices.Store(seat.member.DeviceID(), seat)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seats[seat.pid] = seat
}

// give notes that a seat is nobody's any more.
func (s *Server) give(seat *seat) {
	s.devices.CompareAndDelete(seat.member.DeviceID(), seat)
	s.mu.Lock()
	if s.seats[seat.pid] == seat {
		delete(s.seats, seat.pid)
	}
	unlinger := seat.unlinger
	seat.unlinger = nil
	if seat.expiry != nil {
		seat.expiry.Stop()
	}
	s.mu.Unlock()
	if unlinger != nil {
		unlinger()
	}
}

// keep keeps the seat of a client that is away: for some time with all that happens, then without.
func (s *Server) keep(away *seat, unlinger func()) {
	s.devices.CompareAndDelete(away.member.DeviceID(), away)
	s.mu.Lock()
	room := !s.closing && len(s.seats) < maxAway
	if room {
		s.seats[away.pid], away.unlinger = away, unlinger
		away.expiry = time.AfterFunc(recoverWithin, func() { s.keepBare(away) })
	}
	s.mu.Unlock()
	if !room {
		s.give(away)
		unlinger()
	}
}

// keepBare keeps no more than the seat itself.
func (s *Server) keepBare(away *seat) {
	s.mu.Lock()
	here := s.seats[away.pid] == away
	unlinger := away.unlinger
	if here {
		away.unlinger = nil
		away.expiry = time.AfterFunc(seatWithin-recoverWithin, func() { s.give(away) })
	}
	s.mu.Unlock()
	if here {
		unlinger()
		away.lose()
	}
}

// lose drops what was kept of the events.
func (s *seat) lose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log, s.bytes, s.lost = nil, 0, true
}

// reclaim returns the seat that a client had, which nothing is sent to any more; nil if there is none.
func (s *Server) reclaim(pid string) *seat {
	s.mu.Lock()
	before := s.seats[pid]
	delete(s.seats, pid)
	s.mu.Unlock()
	if before != nil && before.stop() { // its connection is lost, and that isn't known yet
		before.conn.Close("replaced")
	}
	return before
}

// comeBack takes the seat again that the client had. What it missed is told once it has been answered;
// where some of that isn't known any more the client isn't told that it is as it was.
func (g *guest) comeBack(pid, offset string) {
	before := g.server.reclaim(pid)
	if before == nil {
		return
	}
	defer g.server.give(before)
	ctx, cancel := context.WithTimeout(g.server.ctx, requestTimeout)
	defer cancel()
	s, _, err := g.enter(ctx, before.request)
	if err != nil {
		g.server.log.Debug("seat_lost", "device", before.visit.DeviceID, "err", err)
		_ = before.member.Disconnect(ctx) // if it was still connected
		return
	}
	before.mu.Lock()
	missed, whole := before.after(offset)
	s.log, s.bytes, s.offset = before.log, before.bytes, before.offset
	before.mu.Unlock()
	if !whole {
		return
	}
	g.missed = missed
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	delete(g.server.seats, s.pid)
	g.pid, g.sid, s.pid, s.sid = pid, before.sid, pid, before.sid
	g.server.seats[pid] = s
}
