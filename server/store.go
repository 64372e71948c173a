package server

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/store/nats"
)

// openStore opens the store that the settings name, none for memory. The data directory is ours from then on.
func (s *Server) openStore(ctx context.Context) (err error) {
	cfg := nats.Config{URL: s.cfg.NATS, Dir: s.cfg.Data, Replicas: s.cfg.NATSReplicas, AcceptLoss: s.cfg.AcceptLoss, Log: s.log}
	if cfg.URL != "" || cfg.Dir != "" {
		s.store, err = nats.Open(ctx, cfg)
	}
	if err == nil && s.store != nil && s.store.Shared() {
		err = s.checkFormat(ctx)
	}
	return err
}

// storeKind says in a word where sessions are kept.
func (s *Server) storeKind() string {
	switch {
	case s.cfg.NATS != "":
		return "nats"
	case s.cfg.Data != "":
		return "directory"
	}
	return "memory"
}

// storeOf returns the sessions' store.
func storeOf(s *nats.Store) store.Store {
	if s == nil {
		return store.NewMemory()
	}
	return s
}

// watch returns the store with its operations counted, and its trouble logged.
func (s *Server) watch(store store.Store) store.Store {
	return &watchedStore{Store: store, metrics: s.observer.Metrics, log: s.log, limit: s.lines}
}

// runStore follows the store and marks the devices of instances that are gone, until ctx ends.
func (s *Server) runStore(ctx context.Context, group *errgroup.Group) {
	if s.store == nil {
		return
	}
	group.Go(func() error { return s.store.Run(ctx) })
	group.Go(func() error { return s.store.Attend(ctx, s.sessions.Instance(), s.sessions.MarkDisconnected) })
}

func closeStore(s *nats.Store) error {
	if s == nil {
		return nil
	}
	return s.Close()
}

// messages carries what instances say to each other of their sessions; nil where there can't be others.
func (s *Server) messages() session.Messages {
	if s.store == nil || !s.store.Shared() {
		return nil
	}
	return s.store
}
