// Package pause waits, as long as it makes sense.
package pause

import (
	"context"
	"time"
)

// For waits for d; it returns false when ctx ended first.
func For(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
