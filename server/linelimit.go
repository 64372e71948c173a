package server

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// libraryKey marks the loggers that libraries write to.
const libraryKey = "library"

// How many lines of one kind are written in a minute.
const (
	linesWithin  = time.Minute
	refusalLines = 10   // of one code: strangers cause them at will
	troubleLines = 30   // of one warning or error
	eventLines   = 3000 // of one event that devices cause: thousands may join at once
)

// lineLimit lets so many lines of each kind through, and says how many it left out. Its
// methods are safe for concurrent use.
type lineLimit struct {
	log *slog.Logger

	mu     sync.Mutex
	closed bool
	kinds  map[string]*lines
}

// lines are those of one kind within one minute.
type lines struct {
	began         time.Time
	written, left int
	end           *time.Timer // nil while none was left out
}

func newLineLimit(log *slog.Logger) *lineLimit {
	return &lineLimit{log: log, kinds: map[string]*lines{}}
}

// allow reports whether another line of a kind may be written, of so many in the minute. There
// must be few kinds.
func (l *lineLimit) allow(kind string, most int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	k := l.kinds[kind]
	if k == nil || now.Sub(k.began) >= linesWithin && k.end == nil {
		k = &lines{began: now}
		l.kinds[kind] = k
	}
	if k.written < most {
		k.written++
		return true
	}
	k.left++
	if k.end == nil && !l.closed {
		k.end = time.AfterFunc(k.began.Add(linesWithin).Sub(now), func() { l.finish(kind) })
	}
	return false
}

// finish ends a kind's minute, and says how many lines were left out.
func (l *lineLimit) finish(kind string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.say(kind)
	delete(l.kinds, kind)
}

func (l *lineLimit) say(kind string) {
	if k := l.kinds[kind]; k != nil && k.left > 0 {
		l.log.Info("lines_left_out", "of", kind, "count", k.left)
		k.left = 0
	}
}

// close says at once what would have been said at the ends of the minutes.
func (l *lineLimit) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for kind, k := range l.kinds {
		if k.end != nil {
			k.end.Stop()
		}
		l.say(kind)
	}
}

// calm returns a logger whose warnings and errors are limited, a library's all together.
func (l *lineLimit) calm() *slog.Logger { return slog.New(calmLog{l.log.Handler(), l, ""}) }

// calmLog is a handler that leaves out warnings and errors beyond troubleLines a minute.
type calmLog struct {
	slog.Handler
	limit   *lineLimit
	library string // whose words they are; empty: the project's own
}

// Handle implements [slog.Handler].
func (c calmLog) Handle(ctx context.Context, r slog.Record) error {
	kind := r.Message
	if c.library != "" {
		kind = "library " + c.library
	}
	if r.Level >= slog.LevelWarn && !c.limit.allow(kind, troubleLines) {
		return nil
	}
	return c.Handler.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (c calmLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		if a.Key == libraryKey {
			c.library = a.Value.String()
		}
	}
	c.Handler = c.Handler.WithAttrs(attrs)
	return c
}

// WithGroup implements [slog.Handler].
func (c calmLog) WithGroup(name string) slog.Handler {
	c.Handler = c.Handler.WithGroup(name)
	return c
}
