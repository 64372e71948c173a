package main

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/testserver"
	"github.com/downbeat-sync/downbeat/session"
)

// TestRun has a device flash itself, over real sockets.
func TestRun(t *testing.T) {
	s, err := testserver.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	var out bytes.Buffer
	if err := run(ctx, &out, options{url: s.URL, session: "studio", flashes: 2}); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !regexp.MustCompile(`^flash \{"n":2\} at 2.*Z, ±\S+, \S+ off$`).MatchString(lines[1]) {
		t.Errorf("printed %q", out.String())
	}
	var refused *session.Error
	if err := run(ctx, &out, options{url: s.URL, session: "no name", flashes: 1}); !errors.As(err, &refused) {
		t.Errorf("a bad name of a session: %v", err)
	}
}
