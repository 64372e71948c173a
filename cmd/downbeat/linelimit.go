package main

import (
	"log/slog"
	"sync"
	"time"
)

// How many lines of one kind are written in a minute, where strangers can cause them.
const (
	linesKept   = 10
	linesWithin = time.Minute
)

// lineLimit lets few lines of each kind through, and says how many it left out. Its methods
// are safe for concurrent use.
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

// allow reports whether another line of a kind may be written. There must be few kinds.
func (l *lineLimit) allow(kind string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	k := l.kinds[kind]
	if k == nil || now.Sub(k.began) >= linesWithin && k.end == nil {
		k = &lines{began: now}
		l.kinds[kind] = k
	}
	if k.written < linesKept {
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
		l.log.Info("lines_left_out", "code", kind, "count", k.left)
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
