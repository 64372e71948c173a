package main

import (
	"context"
	"io"
	"log/slog"
)

// logFlags say what is logged and how. They hold for every command.
type logFlags struct {
	LogLevel     string `enum:"error,warn,info,debug" default:"info" help:"What to log: error, warn, info or debug."`
	LogFormat    string `enum:"text,json" default:"text" help:"How to log, on standard error: text or json, one line each."`
	LogLibraries bool   `help:"Log what the WebRTC and store libraries say of themselves, too."`
	Verbose      bool   `short:"v" help:"As --log-level debug."`
}

// logger returns the logger that the flags ask for.
func (f *logFlags) logger(w io.Writer) *slog.Logger {
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

// libraryKey marks the loggers that libraries write to.
const libraryKey = "library"

// ownLog is a handler that passes on what the project's own code logs, and of libraries
// only errors.
type ownLog struct{ slog.Handler }

// WithAttrs implements [slog.Handler]: it is where a library's logger becomes known.
func (h ownLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := h.Handler.WithAttrs(attrs)
	for _, a := range attrs {
		if a.Key == libraryKey {
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

// warnings is a log without the events of a server that somebody else's command has started,
// unless everything is asked for.
func warnings(log *slog.Logger) *slog.Logger {
	if log.Enabled(context.Background(), slog.LevelDebug) {
		return log
	}
	return slog.New(atLeast{log.Handler(), slog.LevelWarn})
}
