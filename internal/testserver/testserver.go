// Package testserver is a server for tests and examples, on the loopback interface, open to anybody.
package testserver

import (
	"context"
	"log/slog"
	"net"

	"github.com/downbeat-sync/downbeat/server"
)

// Server is one that runs.
type Server struct {
	URL   string // http://127.0.0.1:…
	stop  context.CancelFunc
	ended chan error
}

// Start starts a server; Close ends it.
func Start() (*Server, error) { return StartIn("") }

// StartIn starts a server that keeps recordings, and what else it has, in a directory; empty: in memory.
func StartIn(dir string) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s, err := server.New(ctx, server.Config{Log: slog.New(slog.DiscardHandler), Listener: l, RTCAddr: "127.0.0.1:0", Data: dir})
	if err != nil {
		stop()
		_ = l.Close()
		return nil, err
	}
	running := &Server{URL: "http://" + l.Addr().String(), stop: stop, ended: make(chan error, 1)}
	go func() { running.ended <- s.Run(ctx) }()
	return running, nil
}

// Close ends the server and joins what it started.
func (s *Server) Close() error {
	s.stop()
	return <-s.ended
}
