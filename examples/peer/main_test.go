package main

import (
	"bytes"
	"context"
	"regexp"
	"testing"
	"time"
)

// TestRun measures and acts over real data channels.
func TestRun(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	var out bytes.Buffer
	if err := run(ctx, &out); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^acted -?\S+ after the instant, ±\S+ by the device's clock\n$`).Match(out.Bytes()) {
		t.Errorf("printed %q", out.String())
	}
}
