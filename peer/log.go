package peer

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// logFactory leads pion's logging into slog. What pion calls a warning any
// peer can cause at will, so only its errors stay above debug level.
type logFactory struct{ log *slog.Logger }

func (f logFactory) NewLogger(scope string) logging.LeveledLogger {
	return scopedLog{f.log.With("library", "pion", "scope", scope)}
}

type scopedLog struct{ log *slog.Logger }

func (l scopedLog) Trace(string)          {}
func (l scopedLog) Tracef(string, ...any) {}
func (l scopedLog) Debug(string)          {}
func (l scopedLog) Debugf(string, ...any) {}
func (l scopedLog) Info(string)           {}
func (l scopedLog) Infof(string, ...any)  {}

func (l scopedLog) Warn(msg string)  { l.log.Debug(msg) }
func (l scopedLog) Error(msg string) { l.log.Warn(msg) }

func (l scopedLog) Warnf(format string, args ...any)  { l.print(slog.LevelDebug, format, args) }
func (l scopedLog) Errorf(format string, args ...any) { l.print(slog.LevelWarn, format, args) }

func (l scopedLog) print(level slog.Level, format string, args []any) {
	if ctx := context.Background(); l.log.Enabled(ctx, level) {
		l.log.Log(ctx, level, fmt.Sprintf(format, args...))
	}
}

func orDiscard(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}
