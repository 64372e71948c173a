package peer

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// lines is a log that is kept.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(b))
	return len(b), nil
}

func (l *lines) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.all
	l.all = nil
	return all
}

func (l *lines) logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: level}))
}

// TestLinesAreLimited, each level's share for itself, and what is left out is counted.
func TestLinesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lines
		log := limitLog(l.logger(slog.LevelDebug))
		scoped := log.With("scope", "ice").WithGroup("g")
		for range 1000 {
			scoped.Warn("one")
			log.Debug("another")
		}
		if n := len(l.take()); n != warnBurst+lineBurst {
			t.Errorf("%d lines at once, want %d and %d", n, warnBurst, lineBurst)
		}
		time.Sleep(time.Second)
		log.Warn("three")
		log.Error("four")
		log.Info("five")
		log.Info("six")
		got := l.take()
		if len(got) != 3 || !strings.Contains(got[0], "msg=three left_out=970\n") ||
			!strings.Contains(got[1], "msg=five left_out=500\n") || !strings.Contains(got[2], "msg=six\n") {
			t.Errorf("%q", got)
		}
		time.Sleep(time.Second)
		log.Warn("seven")
		if got := l.take(); len(got) != 1 || !strings.Contains(got[0], "msg=seven left_out=1\n") {
			t.Errorf("%q", got)
		}
	})
}

// TestNothingIsMadeForNobody: a line that the log doesn't want takes no share.
func TestNothingIsMadeForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lines
		log := limitLog(l.logger(slog.LevelInfo))
		for range 2 * lineBurst {
			log.Debug("one")
		}
		log.Info("two")
		if got := l.take(); len(got) != 1 || strings.Contains(got[0], "left_out") {
			t.Errorf("%q", got)
		}
	})
}
