package nats

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
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

// latest asks for the newest message of each subject that matches, and all that come later.
func latest(filters []string) jetstream.ConsumerConfig {
	subjects := make([]string, len(filters))
	for i, f := range filters {
		subjects[i] = subjectPrefix + f
	}
	return jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy, FilterSubjects: subjects}
}

// everything asks for all messages after a revision, the oldest first.
func everything(after uint64) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: after + 1}
}

// reader is one consumer of the stream.
type reader struct {
	stream   jetstream.Stream
	name     string
	messages jetstream.MessagesContext
	pending  uint64 // messages that were there when it began, and haven't been read
	number   uint64 // of the message that was read last
}

// newReader begins to read what cfg asks for.
func (l *link) newReader(ctx context.Context, cfg jetstream.ConsumerConfig) (*reader, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	cfg.AckPolicy, cfg.InactiveThreshold, cfg.MemoryStorage, cfg.Replicas = jetstream.AckNonePolicy, inactive, true, 1
	c, err := l.stream.CreateConsumer(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("begin to read the stream: %w", err)
	}
	messages, err := c.Messages(jetstream.PullHeartbeat(heartbeat), jetstream.PullExpiry(4*heartbeat),
		jetstream.PullMaxMessages(4096), jetstream.WithMessagesErrOnMissingHeartbeat(true))
	if err != nil {
		return nil, fmt.Errorf("read the stream: %w", err)
	}
	return &reader{l.stream, c.CachedInfo().Name, messages, c.CachedInfo().NumPending, 0}, nil
}

// stop ends the reader; the server forgets it at once if it hears so, and else soon.
func (r *reader) stop() {
	r.messages.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout/4)
	defer cancel()
	_ = r.stream.DeleteConsumer(ctx, r.name)
}

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
	if r.pending--; meta.NumPending == 0 || r.pending > 1<<63 { // what was written anew meanwhile comes once
		r.pending = 0
	}
	e := store.Entry{Key: strings.TrimPrefix(msg.Subject(), subjectPrefix), Revision: meta.Sequence.Stream}
	if !tombstone(msg.Headers()) {
		e.Value = bytes.Clone(msg.Data())
		if e.Value == nil {
			e.Value = []byte{} // without its value
		}
	}
	return e, meta.Timestamp, nil
}

// follow tells what is there, loaded once, and what comes, until ctx ends or reading fails.
func (s *Store) follow(ctx context.Context, filters []string, tell func(store.Entry), loaded func()) error {
	l := s.link.Load()
	cfg := latest(filters)
	known := s.known(l)
	there, upTo, err := l.newestOf(ctx, filters, known.Key)
	if err == nil && upTo < known.Revision {
		return errBehind
	}
	if err == nil && upTo > 0 {
		cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, upTo+1
	}
	r, err := l.newReader(ctx, cfg)
	if err != nil {
		return errors.Join(err, s.compare(ctx, l))
	}
	defer r.stop()
	if upTo > 0 {
		slices.SortFunc(there, func(a, b store.Entry) int { return cmp.Compare(a.Revision, b.Revision) })
		for _, e := range there {
			s.saw(e.Key, e.Revision)
			if matchAny(filters, e.Key) {
				tell(e)
			}
		}
	}
	for {
		if r.pending == 0 {
			loaded()
		}
		e, _, err := r.next(ctx)
		if err != nil {
			return errors.Join(err, s.compare(ctx, l))
		}
		s.saw(e.Key, e.Revision)
		tell(e)
	}
}

// again follows for as long as ctx goes on: with another reader where one fails. All that is there is told
// again then.
func (s *Store) again(ctx context.Context, filters []string, tell func(store.Entry), loaded func()) {
	for ctx.Err() == nil {
		err := s.follow(ctx, filters, tell, loaded)
		if ctx.Err() != nil {
			return
		}
		s.judge(err)
		s.cfg.Log.Debug("reading the store is begun anew", "err", err)
		pause.For(ctx, feedRetry)
	}
}

// judge ends Run when the stream has been replaced for long enough.
func (s *Store) judge(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !errors.Is(err, errReplaced):
		s.behind = time.Time{}
	case s.behind.IsZero():
		s.behind = time.Now()
	case time.Since(s.behind) > lostAfter:
		select {
		case s.replaced <- err:
		default:
		}
	}
}

// compare makes sure that the stream is the one that was read.
func (s *Store) compare(ctx context.Context, l *link) error {
	if ctx.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	info, err := l.stream.Info(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound): // NATS came back empty
		return errReplaced
	case err != nil:
		return fmt.Errorf("ask for the stream: %w", err)
	}
	if !info.Created.Equal(s.created) || info.State.LastSeq < s.newest.Revision {
		return errReplaced
	}
	return nil
}

// saw notes the newest entry that this instance has heard of.
func (s *Store) saw(key string, revision uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if revision > s.newest.Revision {
		s.newest = store.Entry{Key: key, Revision: revision}
	}
}
