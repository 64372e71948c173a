package upload_test

import (
	"math/rand/v2"
	"testing"
)

// TestAcknowledgedSurvives kills the server in the middle of requests: what it
// had acknowledged is there, and whatever else it says is there is right.
func TestAcknowledgedSurvives(t *testing.T) {
	c, want := newChild(t), random(12<<20)
	c.connect()
	path, acknowledged := c.create(len(want)), 0
	rng := rand.New(rand.NewPCG(1, 2))
	for range 8 {
		n := 1 + rng.IntN(1<<20)
		c.patch(path, acknowledged, want[acknowledged:acknowledged+n], 204, "")
		acknowledged += n
		half := c.dialPatch(path, acknowledged, len(want)-acknowledged, "")
		sent := rng.IntN(1 << 19)
		_, _ = half.Write(want[acknowledged : acknowledged+sent])
		if rng.IntN(2) == 0 {
			c.received(path, int64(acknowledged+sent))
		}
		c.kill()
		_ = half.Close()
		c.start()
		c.connect()
		at := c.offset(path)
		if at < acknowledged || at > acknowledged+sent {
			t.Fatalf("offset %d, acknowledged %d, sent %d", at, acknowledged, acknowledged+sent)
		}
		acknowledged = at
	}
	c.patch(path, acknowledged, want[acknowledged:], 204, "")
	c.gather()
	c.arrived(want)
}
