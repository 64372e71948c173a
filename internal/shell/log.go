package shell

import (
	"context"
	"io"
	"log/slog"
)

// Log says what is logged and how.
type Log struct {
	LogLevel     string // error, warn, info or debug
	LogFormat    string // text or json, one line each
	LogLibraries bool   // log what the WebRTC and store libraries say of themselves, too
	Verbose      bool   // as level debug
}

// New returns the logger that is asked for.
func (f Log) New(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(f.LogLevel)) // the flag's enum has only what it knows
	if f.Verbose {
		level = slog.LevelDebug
	}
	opts := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewTextHandler(w, opts)
	if f.LogFormat == "json" {
		h = slog.NewJSONHandler(w, opts)
	}
	if !f.LogLibraries {
		h = ownLog{h}
	}
	return slog.New(h)
}

// LibraryKey marks the loggers that libraries write to.
const LibraryKey = "library"

// ownLog is a handler that passes on what the project's own code logs, and of libraries
// only errors.
type ownLog struct{ slog.Handler }

// WithAttrs implements [slog.Handler]: it is where a library's logger becomes known.
func (h ownLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := h.Handler.WithAttrs(attrs)
	for _, a := range attrs {
		if a.Key == LibraryKey {
			return atLeast{next, slog.LevelError}
		}
	}
	return ownLog{next}
}

// WithGroup implements [slog.Handler].
func (h ownLog) WithGroup(name string) slog.Handler { return ownLog{h.Handler.WithGroup(name)} }

// atLeast is a handler that is silent below a level.
type atLeast struct {
	slog.Handler
	level slog.Level
}

// Enabled implements [slog.Handler].
func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}

// WithAttrs implements [slog.Handler].
func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(attrs), h.level}
}

// WithGroup implements [slog.Handler].
func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.level}
}

// Warnings is a log without the events of a server that somebody else's command has started,
// unless everything is asked for.
func Warnings(log *slog.Logger) *slog.Logger {
	if log.Enabled(context.Background(), slog.LevelDebug) {
		return log
	}
	return slog.New(atLeast{log.Handler(), slog.LevelWarn})
}
