package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
)

// TestRun measures over each transport: the hard bound holds, and the device isn't 5 s off any more.
func TestRun(t *testing.T) {
	for over := range transports {
		t.Run(over, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
			defer stop()
			var out bytes.Buffer
			readings, err := run(ctx, &out, over, 50*time.Millisecond)
			if err != nil || len(readings) < 5 {
				t.Fatalf("%d readings, %v: %s", len(readings), err, out.String())
			}
			for _, r := range readings {
				if r.Error.Abs() > r.Hard || r.Hard <= 0 || r.Bound <= 0 {
					t.Errorf("%+v", r)
				}
			}
			if last := readings[len(readings)-1]; last.Hard > time.Second || !strings.Contains(out.String(), "for certain\n") {
				t.Errorf("%+v, printed %s", last, out.String())
			}
		})
	}
}

func TestNoTransport(t *testing.T) {
	if _, err := run(t.Context(), &bytes.Buffer{}, "pigeons", time.Second); err == nil {
		t.Error("pigeons carry frames")
	}
}
