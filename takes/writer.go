package takes

import (
	"context"
	"errors"
	"log/slog"
	"path"
	"sync"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// Sessions is what the Writer asks: a [session.Service].
type Sessions interface {
	StoredRecordings(ctx context.Context, sessionID string) ([]session.Recording, error)
	WatchRecordings(ctx context.Context, changed func(sessionID string))
}

// Writer keeps the manifests of all takes that have files beside which they can be.
type Writer struct {
	Sessions Sessions
	To       Beside
	Log      *slog.Logger
}

// Run writes a take's manifest whenever something about the take changes, until
// ctx ends. Changes that come while it writes are written together.
func (w *Writer) Run(ctx context.Context) error {
	var watching sync.WaitGroup
	defer watching.Wait()
	q := queue{some: make(chan struct{}, 1)}
	watching.Go(func() { w.Sessions.WatchRecordings(ctx, q.add) })
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-q.some:
		}
		for sessionID := range q.takeAll() {
			w.update(ctx, sessionID)
		}
	}
}

// update writes the manifests of a session as far as they change. A session
// that is gone leaves those that it has.
func (w *Writer) update(ctx context.Context, sessionID string) {
	list, err := w.Sessions.StoredRecordings(ctx, sessionID)
	if err != nil {
		var e *session.Error
		if ctx.Err() == nil && !(errors.As(err, &e) && e.Code == wire.CodeSessionNotFound) {
			w.Log.Warn("manifest_failed", "session", sessionID, "err", err)
		}
		return
	}
	for _, take := range Of(list) {
		if err := w.write(ctx, take); err != nil {
			w.Log.Error("manifest_failed", "session", sessionID, "take", take.TakeID, "err", err)
		}
	}
}

// write replaces a take's manifest, if the take has files here.
func (w *Writer) write(ctx context.Context, take Take) error {
	b, err := take.Encode()
	if err != nil {
		return err
	}
	return w.To.Put(ctx, path.Join("recordings", take.SessionID, take.TakeID), b)
}

// queue holds the sessions that have changed.
type queue struct {
	some chan struct{} // has an element when there are any

	mu  sync.Mutex
	ids map[string]struct{}
}

func (q *queue) add(id string) {
	q.mu.Lock()
	if q.ids == nil {
		q.ids = map[string]struct{}{}
	}
	q.ids[id] = struct{}{}
	q.mu.Unlock()
	select {
	case q.some <- struct{}{}:
	default:
	}
}

func (q *queue) takeAll() map[string]struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	ids := q.ids
	q.ids = nil
	return ids
}
