package nats

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/downbeat-sync/downbeat/internal/pause"
	"github.com/downbeat-sync/downbeat/store"
)

const (
	attempt    = time.Second            // in which the store must answer
	retryEvery = 100 * time.Millisecond // while it doesn't take a write
)

const (
	operation = "KV-Operation"       // header of a tombstone of a writer
	reason    = "Nats-Marker-Reason" // header of one that the server wrote for what age removed
)

func tombstone(h nats.Header) bool {
	op := h.Get(operation)
	return op == "DEL" || op == "PURGE" || h.Get(reason) != ""
}

// Put implements store.Store.
func (s *Store) Put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	at, err := s.write(ctx, key, value, nil, revision)
	if revision == 0 && errors.Is(err, store.ErrConflict) {
		return s.create(ctx, key, value)
	}
	return at, err
}

// create puts a key in the place of its tombstone, unless it exists.
func (s *Store) create(ctx context.Context, key string, value []byte) (uint64, error) {
	last, err := s.last(ctx, key)
	switch {
	case errors.Is(err, store.ErrNotFound): // the tombstone's time was over just now
		return s.write(ctx, key, value, nil, 0)
	case err != nil:
		return 0, err
	case !last.Deleted():
		return 0, store.ErrConflict
	}
	return s.write(ctx, key, value, nil, last.Revision)
}

// Delete implements store.Store.
func (s *Store) Delete(ctx context.Context, key string, revision uint64) (uint64, error) {
	if revision == 0 {
		return 0, store.ErrConflict
	}
	return s.write(ctx, key, nil, nats.Header{operation: {"DEL"}}, revision)
}

// write stores a message if its subject is at the revision given, and returns
// when it is seen where it is watched. What is stored counts, be it seen or not.
func (s *Store) write(ctx context.Context, key string, value []byte, h nats.Header, revision uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Patience)
	defer cancel()
	m := &nats.Msg{Subject: subjectPrefix + key, Data: value, Header: h}
	at, err := s.publish(ctx, m, revision)
	if err != nil {
		if errors.Is(err, store.ErrConflict) {
			return 0, err
		}
		return 0, fmt.Errorf("store: write %s: %w", key, err)
	}
	s.journal.add(key, at, value == nil)
	s.saw(key, at)
	s.await(ctx, key, at)
	return at, nil
}

// await returns once what is followed of the key's scope has a revision. It doesn't wait for long for a reader that fails.
func (s *Store) await(ctx context.Context, key string, revision uint64) {
	is := s.interests.known(followed(key))
	if is == nil {
		return
	}
	defer s.interests.release(is)
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Patience)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	is.table.Await(ctx, revision)
}

// publish tries until the store has answered or ctx has ended. All tries carry
// one id: if only the answer to the first was lost, the second finds itself stored.
func (s *Store) publish(ctx context.Context, m *nats.Msg, revision uint64) (uint64, error) {
	id := nuid.Next()
	for first := true; ; first = false {
		err := s.mayWrite()
		if err != nil {
			return 0, err
		}
		ack, err := s.link.Load().try(ctx, m, id, revision)
		switch {
		case err == nil:
			s.failures.Store(0)
			return ack.Sequence, nil
		case isConflict(err) && first:
			return 0, store.ErrConflict
		case isConflict(err):
			return s.stored(ctx, m.Subject, id)
		case errors.Is(err, nats.ErrMaxPayload):
			return 0, err
		}
		s.failed()
		if !pause.For(ctx, retryEvery) {
			return 0, fmt.Errorf("the store doesn't answer: %w", err)
		}
	}
}

func (l *link) try(ctx context.Context, m *nats.Msg, id string, revision uint64) (*jetstream.PubAck, error) {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	return l.js.PublishMsg(ctx, m, jetstream.WithExpectLastSequencePerSubject(revision),
		jetstream.WithMsgID(id), jetstream.WithRetryAttempts(0))
}

// stored looks whether a subject's newest message is the one of that id.
func (s *Store) stored(ctx context.Context, subject, id string) (uint64, error) {
	last, err := s.link.Load().stream.GetLastMsgForSubject(ctx, subject)
	if err == nil && last.Header.Get(jetstream.MsgIDHeader) == id {
		return last.Sequence, nil
	}
	return 0, store.ErrConflict
}

func isConflict(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// last returns a key's newest entry, which may be a tombstone, from the stream itself.
func (s *Store) last(ctx context.Context, key string) (store.Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	m, err := s.link.Load().stream.GetLastMsgForSubject(ctx, subjectPrefix+key)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return store.Entry{}, store.ErrNotFound
	}
	if err != nil {
		return store.Entry{}, fmt.Errorf("store: read %s: %w", key, err)
	}
	e := store.Entry{Key: key, Revision: m.Sequence}
	if !tombstone(m.Header) {
		e.Value = m.Data
	}
	return e, nil
}
