package nats

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// subjects between instances: what isn't kept in the store.
const messages = "downbeat.to."

// Shared reports whether other instances may be on this store.
func (s *Store) Shared() bool { return s.engine == nil }

// Serve answers what other instances Ask under a name, until ctx ends; nothing where answer returns
// nil. answer is called from one goroutine.
func (s *Store) Serve(ctx context.Context, name string, answer func(question []byte) []byte) error {
	sub, err := s.link.Load().conn.Subscribe(messages+name, func(m *nats.Msg) {
		if b := answer(m.Data); b != nil && m.Reply != "" {
			_ = m.Respond(b) // lost while there is no connection: it is asked again
		}
	})
	if err != nil {
		return fmt.Errorf("store: listen to the other instances: %w", err)
	}
	<-ctx.Done()
	_ = sub.Unsubscribe()
	return nil
}

// Publish says something to all instances that Listen under a name now; without a connection it
// is lost.
func (s *Store) Publish(name string, message []byte) error {
	return s.link.Load().conn.Publish(messages+name, message)
}

// Listen has heard called, from one goroutine, with what other instances Publish under a name, and this
// one, until stop is called.
func (s *Store) Listen(name string, heard func(message []byte)) (stop func(), err error) {
	sub, err := s.link.Load().conn.Subscribe(messages+name, func(m *nats.Msg) { heard(m.Data) })
	if err != nil {
		return nil, fmt.Errorf("store: listen to the other instances: %w", err)
	}
	return func() { _ = sub.Unsubscribe() }, nil
}

// Ask asks the instance that serves a name, and waits for its answer until ctx ends.
func (s *Store) Ask(ctx context.Context, name string, question []byte) ([]byte, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Second)
		defer cancel()
	}
	m, err := s.link.Load().conn.RequestWithContext(ctx, messages+name, question)
	if err != nil {
		return nil, fmt.Errorf("store: ask another instance: %w", err)
	}
	return m.Data, nil
}
