package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/downbeat-sync/downbeat/internal/httplimit"
)

// Run serves until ctx ends, tells every device that the server goes away, closes all that the Server has and
// joins all that it started. It fails with [ErrRan] if it isn't the first, and with a *[ConfigError] if
// Listener was closed. In somebody else's mux it serves no HTTP; shut that one's server down once Run has
// returned: requests are answered with status 503 by then.
func (s *Server) Run(ctx context.Context) error {
	if !s.become(made, starting) {
		return ErrRan
	}
	s.log.Info("server_starting", "version", s.cfg.version(), "access", string(s.AccessMode()), "store", s.storeKind())
	err := s.secure.beside(ctx, s.run)
	s.become(serving, ended)
	s.log.Info("server_stopped")
	return err
}

// ServeHTTP serves all that Downbeat has, below Prefix or not. Before Run serves and after it has ended the
// answer is 503 unavailable.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"success":false,"error":{"code":"unavailable","message":"the server isn't running"}}` + "\n"))
		return
	}
	defer s.leave()
	s.handler.ServeHTTP(w, r)
}

func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stage != serving {
		return false
	}
	s.requests++
	return true
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.requests--; s.requests == 0 && s.stage == ended {
		close(s.idle)
	}
}

// run serves until ctx ends, beside what encryption needs.
func (s *Server) run(ctx context.Context) error {
	defer s.lines.close()
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	group, base := errgroup.WithContext(base)
	s.runStore(base, group)
	group.Go(func() error { return s.keepTime(base) })
	group.Go(func() error { return s.sessions.Run(base) })
	if s.ntp != nil {
		group.Go(func() error { s.ntp.Run(base); return nil })
	}
	s.awaitNTP(ctx)
	s.runKeeper(base, group)
	s.runNTP(base, group)
	group.Go(func() error { return s.storage.run(base, s.sessions, s.log) })
	s.become(starting, serving)
	served := make(chan error, 1)
	shut := s.serve(served)
	var failed error
	select {
	case failed = <-served:
	case <-base.Done(): // the store can't be gone on with
	case <-ctx.Done():
		s.finish(base)
	}
	s.log.Info("server_stopping", "devices", s.signal.WebSockets())
	s.closeSocketIO()
	s.signal.Close()
	s.storage.close()
	err := errors.Join(failed, shut())
	cancel()
	return errors.Join(err, group.Wait(), closeStore(s.store), s.peers.Close())
}

// goodbyeTime is how long requests may take to their ends.
const goodbyeTime = 2 * time.Second

// serve begins to serve HTTP, if that is the Server's, and tells served when that failed. What it returns
// lets the requests come to their ends.
func (s *Server) serve(served chan<- error) (shut func() error) {
	l := s.sockets.http
	if l == nil {
		s.log.Info("server_ready", "addr", s.RTCAddr().String())
		return s.drain
	}
	limited := httplimit.Listen(l, s.limits.listener(s.cfg.Proxies, s.log))
	s.accepted.Store(limited)
	server := httplimit.NewServer(s, limited)
	server.ErrorLog = slog.NewLogLogger(s.log.With(libraryKey, "http").Handler(), slog.LevelDebug)
	s.log.Info("server_ready", "addr", l.Addr().String())
	go func() {
		err := server.Serve(s.secure.wrap(limited))
		if errors.Is(err, net.ErrClosed) {
			err = taken("{Listener} at %s is closed", l.Addr())
		}
		served <- err
	}()
	return func() error { return shutdown(server) }
}

func shutdown(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), goodbyeTime)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return server.Close()
	}
	return nil
}

// drain refuses requests, and lets those that are being answered come to their ends.
func (s *Server) drain() error {
	s.become(serving, ended)
	select {
	case <-s.idle:
	case <-time.After(goodbyeTime):
	}
	return nil
}
