package nats

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/downbeat-sync/downbeat/internal/pause"
	"github.com/downbeat-sync/downbeat/store"
)

const (
	heartbeat   = 500 * time.Millisecond // of a reader that has nothing to tell; two missing ones end it
	inactive    = 30 * time.Second       // after which the server forgets a reader that is gone
	feedRetry   = 100 * time.Millisecond
	callTimeout = 2 * time.Second
	// lostAfter is how long the stream may seem to be older than what was read
	// of it: a new leader of a cluster may have to catch up.
	lostAfter = 10 * time.Second
)

// errReplaced says that the stream isn't the one that was read.
var errReplaced = errors.New("store: the store was replaced or has lost changes; start anew")

// feed reads the stream into the mirror, until ctx ends or the stream has
// been replaced. A reader that fails is replaced by another, which goes on after what was read.
func (s *Store) feed(ctx context.Context) error {
	var behind time.Time // since when the stream has been older than the mirror
	for ctx.Err() == nil {
		err := s.read(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case !errors.Is(err, errReplaced):
			behind = time.Time{}
		case behind.IsZero():
			behind = time.Now()
		case time.Since(behind) > lostAfter:
			return err
		}
		s.cfg.Log.Debug("reading the store is begun anew", "err", err)
		pause.For(ctx, feedRetry)
	}
	return nil
}

// read follows the stream with one reader for as long as that works.
func (s *Store) read(ctx context.Context) error {
	l := s.link.Load()
	if err := s.compare(ctx, l); err != nil {
		return err
	}
	r, err := l.newReader(ctx, s.mirror.Seen())
	if err != nil {
		return err
	}
	defer r.stop()
	if r.pending == 0 {
		s.announceLoaded()
	}
	for {
		e, written, err := r.next(ctx)
		if err != nil {
			return err
		}
		s.mirror.apply(e, written)
		if r.pending--; r.pending == 0 {
			s.announceLoaded()
		}
	}
}

// compare makes sure that the stream is the one that the mirror is of.
func (s *Store) compare(ctx context.Context, l *link) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	info, err := l.stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("ask for the stream: %w", err)
	}
	if s.created.IsZero() {
		s.created = info.Created
	}
	if !info.Created.Equal(s.created) || info.State.LastSeq < s.mirror.Seen() {
		return errReplaced
	}
	return nil
}

// reader is one consumer of the stream.
type reader struct {
	messages jetstream.MessagesContext
	pending  uint64 // messages that were there when it began
	number   uint64 // of the message that was read last
}

// newReader reads what comes after a revision.
func (l *link) newReader(ctx context.Context, after uint64) (*reader, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	c, err := l.stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: after + 1,
		AckPolicy: jetstream.AckNonePolicy, InactiveThreshold: inactive, MemoryStorage: true, Replicas: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("begin to read the stream: %w", err)
	}
	messages, err := c.Messages(jetstream.PullHeartbeat(heartbeat), jetstream.PullExpiry(4*heartbeat),
		jetstream.PullMaxMessages(4096), jetstream.WithMessagesErrOnMissingHeartbeat(true))
	if err != nil {
		return nil, fmt.Errorf("read the stream: %w", err)
	}
	return &reader{messages: messages, pending: c.CachedInfo().NumPending}, nil
}

func (r *reader) stop() { r.messages.Stop() }

// next returns the next entry. It fails when one was missed.
func (r *reader) next(ctx context.Context) (store.Entry, time.Time, error) {
	msg, err := r.messages.Next(jetstream.NextContext(ctx))
	if err != nil {
		return store.Entry{}, time.Time{}, fmt.Errorf("read the stream: %w", err)
	}
	meta, err := msg.Metadata()
	if err != nil {
		return store.Entry{}, time.Time{}, fmt.Errorf("read a message of the stream: %w", err)
	}
	r.number++
	if meta.Sequence.Consumer != r.number {
		return store.Entry{}, time.Time{}, errors.New("a message of the stream was missed")
	}
	e := store.Entry{Key: strings.TrimPrefix(msg.Subject(), subjectPrefix), Revision: meta.Sequence.Stream}
	if !tombstone(msg.Headers()) {
		e.Value = bytes.Clone(msg.Data())
	}
	return e, meta.Timestamp, nil
}
