package testutil

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"sync"
)

// LogLines is a log in JSON that tests read. It is safe for concurrent use.
type LogLines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write takes lines as a log writes them.
func (l *LogLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

// Logger returns a logger of a level that writes here.
func (l *LogLines) Logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: level}))
}

// Text returns the lines since the last Events, as they were written.
func (l *LogLines) Text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// Events returns the lines since the last call.
func (l *LogLines) Events() (all []map[string]any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(l.buf.Bytes()) {
		var e map[string]any
		if err := json.Unmarshal(line, &e); err != nil {
			panic(err)
		}
		all = append(all, e)
	}
	l.buf.Reset()
	return all
}
