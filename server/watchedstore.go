package server

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/metrics"
	"github.com/downbeat-sync/downbeat/store"
)

// watchedStore is a store whose operations are counted, and whose trouble is logged: when it
// begins, and when it is over.
type watchedStore struct {
	store.Store
	metrics *metrics.Metrics
	log     *slog.Logger
	limit   *lineLimit

	mu     sync.Mutex
	since  time.Time // when the trouble began; zero without any
	failed int       // operations since then
}

func (w *watchedStore) Get(ctx context.Context, key string) (e store.Entry, err error) {
	defer w.note(ctx, "get", time.Now(), &err)
	return w.Store.Get(ctx, key)
}

func (w *watchedStore) List(ctx context.Context, filters ...string) (all []store.Entry, err error) {
	defer w.note(ctx, "list", time.Now(), &err)
	return w.Store.List(ctx, filters...)
}

func (w *watchedStore) Keys(ctx context.Context, filter string) (all []store.Entry, err error) {
	defer w.note(ctx, "list", time.Now(), &err)
	return w.Store.Keys(ctx, filter)
}

func (w *watchedStore) Put(ctx context.Context, key string, value []byte, revision uint64) (now uint64, err error) {
	defer w.note(ctx, "put", time.Now(), &err)
	return w.Store.Put(ctx, key, value, revision)
}

func (w *watchedStore) Delete(ctx context.Context, key string, revision uint64) (now uint64, err error) {
	defer w.note(ctx, "delete", time.Now(), &err)
	return w.Store.Delete(ctx, key, revision)
}

// note counts an operation. A conflict, a key that isn't there and a caller that went away
// are no trouble of the store.
func (w *watchedStore) note(ctx context.Context, operation string, began time.Time, err *error) {
	failed := *err != nil && !errors.Is(*err, store.ErrConflict) && !errors.Is(*err, store.ErrNotFound) && !errors.Is(context.Cause(ctx), context.Canceled)
	w.metrics.Stored(operation, time.Since(began), failed)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case failed:
		if w.failed++; w.failed == 1 {
			w.since = time.Now()
			w.log.Warn("store_trouble", "operation", operation, "err", *err)
		}
	case *err == nil && w.failed > 0:
		if w.limit.allow("store_well", troubleLines) {
			w.log.Info("store_well", "failed", w.failed, "lasted_s", time.Since(w.since).Round(time.Millisecond).Seconds())
		}
		w.failed = 0
	}
}
