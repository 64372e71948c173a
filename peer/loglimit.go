package peer

import (
	"context"
	"log/slog"
	"sync"

	"golang.org/x/time/rate"
)

// How many lines a second a Server or Client logs, and at once: the other side
// chooses what there is to say. Warnings have a share of their own.
const (
	warnRate  = 1
	warnBurst = 30
	lineRate  = 50
	lineBurst = 500
)

// limitLog returns a log that leaves lines out when there are too many. The next
// one that is written says how many, as left_out.
func limitLog(log *slog.Logger) *slog.Logger {
	return slog.New(&limitedHandler{log.Handler(), &logLimit{
		warnings: share{limit: rate.NewLimiter(warnRate, warnBurst)},
		others:   share{limit: rate.NewLimiter(lineRate, lineBurst)},
	}})
}

// limitedHandler is one of those that a logLimit is for.
type limitedHandler struct {
	slog.Handler
	limit *logLimit
}

type logLimit struct {
	mu               sync.Mutex
	warnings, others share
}

// share is what some of the lines may have.
type share struct {
	limit   *rate.Limiter
	leftOut int // since the last line
}

// Handle writes a line, or counts it.
func (h *limitedHandler) Handle(ctx context.Context, r slog.Record) error {
	leftOut, ok := h.limit.take(r.Level)
	if !ok {
		return nil
	}
	if leftOut > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("left_out", leftOut))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs and WithGroup make handlers of the same limit.
func (h *limitedHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &limitedHandler{h.Handler.WithAttrs(attrs), h.limit}
}

// WithGroup is as WithAttrs.
func (h *limitedHandler) WithGroup(name string) slog.Handler {
	return &limitedHandler{h.Handler.WithGroup(name), h.limit}
}

// take says whether a line may be written, and how many weren't before it.
func (l *logLimit) take(level slog.Level) (leftOut int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &l.others
	if level >= slog.LevelWarn {
		s = &l.warnings
	}
	if !s.limit.Allow() {
		s.leftOut++
		return 0, false
	}
	leftOut, s.leftOut = s.leftOut, 0
	return leftOut, true
}
