package pause

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		for _, c := range []struct {
			want  bool
			takes time.Duration
		}{{true, 2 * time.Second}, {false, time.Second}} {
			began := time.Now()
			if got := For(ctx, 2*time.Second); got != c.want || time.Since(began) != c.takes {
				t.Errorf("%v after %v, want %v after %v", got, time.Since(began), c.want, c.takes)
			}
		}
	})
}
