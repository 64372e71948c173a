package e2e

import (
	"bytes"
	"encoding/json"
	"sync"
)

// loglines is a log that tests read.
type loglines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *loglines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

// events returns the lines since the last call.
func (l *loglines) events() (all []map[string]any) {
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
