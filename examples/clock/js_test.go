package main

import (
	"math/rand/v2"
	"os/exec"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// TestDeviceInJavaScript: a server in Go measures the device in JavaScript over a transport that loses, doubles and
// reorders, as one for games or calls does; it knows session time as well as it says.
func TestDeviceInJavaScript(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		testutil.Missing(t, "node")
	}
	source := clock.NewSource(time.Now)
	address := serve(t, source, func(send func()) {
		for copies := 1; copies > 0 && rand.IntN(5) > 0; copies-- { // a fifth is lost
			time.AfterFunc(time.Duration(rand.IntN(20))*time.Millisecond, send)
			if rand.IntN(10) == 0 {
				copies++
			}
		}
	})
	honest(t, source, address, node, "../clock-js/device.mjs")
}
