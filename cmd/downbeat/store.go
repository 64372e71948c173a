package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/store/nats"
)

// storeFlags say where sessions are kept, beside --data.
type storeFlags struct {
	NATS         string        `name:"nats" placeholder:"URL" help:"NATS servers with JetStream that keep the sessions instead, for several instances: nats://host:4222,…"`
	NATSReplicas int           `name:"nats-replicas" default:"0" help:"How many servers of a NATS cluster keep each session; 0: three in a cluster, else one."`
	AcceptLoss   bool          `name:"accept-data-loss" help:"Start with a data directory that has lost what was acknowledged; else that is refused."`
	SessionIdle  time.Duration `default:"24h" help:"How long a session without activity is kept, 84h at most."`
}

// open opens the store that the flags name; nil stands for memory.
func (f *storeFlags) open(ctx context.Context, data string, log *slog.Logger) (*nats.Store, error) {
	switch {
	case f.SessionIdle < time.Second || f.SessionIdle > nats.MaxIdle:
		return nil, usageError{fmt.Errorf("--session-idle %v: it must be from 1s to %v", f.SessionIdle, nats.MaxIdle)}
	case f.NATS != "":
		return nats.Open(ctx, nats.Config{URL: f.NATS, Dir: data, Replicas: f.NATSReplicas, Log: log})
	case data != "":
		return nats.Open(ctx, nats.Config{Dir: data, AcceptLoss: f.AcceptLoss, Log: log})
	}
	return nil, nil
}

// kind says in a word where sessions are kept.
func (f *storeFlags) kind(data string) string {
	switch {
	case f.NATS != "":
		return "nats"
	case data != "":
		return "directory"
	}
	return "memory"
}

// greet says where sessions are.
func (f *storeFlags) greet(w io.Writer, data string) {
	switch {
	case f.NATS != "":
		fmt.Fprintln(w, "Sessions are kept in NATS, and shared with all instances there.")
	case data != "":
		fmt.Fprintf(w, "Sessions are kept in %s.\n", data)
	default:
		fmt.Fprintln(w, "Sessions are in memory and end with the server; --data DIR keeps them.")
	}
}

// storeOf returns the sessions' store.
func storeOf(s *nats.Store) store.Store {
	if s == nil {
		return store.NewMemory()
	}
	return s
}

// watch returns the store with its operations counted, and its trouble logged.
func (s *service) watch(store store.Store) store.Store {
	return &watchedStore{Store: store, metrics: s.observer.Metrics, log: s.log, limit: s.observer.limit}
}

// runStore follows the store and marks the devices of instances that are gone, until ctx ends.
func (s *service) runStore(ctx context.Context, group *errgroup.Group) {
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
