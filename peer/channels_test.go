package peer

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
)

// raw is a client of pion's own that connects to r's device, with one channel.
func (r *rig) raw(t *testing.T, label string) (*webrtc.PeerConnection, *webrtc.DataChannel) {
	t.Helper()
	pc, dc := r.offerWith(t, label)
	open := make(chan struct{})
	dc.OnOpen(func() { close(open) })
	select {
	case <-open:
	case <-time.After(20 * time.Second):
		t.Fatal("no channel within 20 s")
	}
	return pc, dc
}

// TestManyChannels: a connection that opens channel after channel is given up, be they of
// unknown names or of the known ones.
func TestManyChannels(t *testing.T) {
	for _, label := range []string{"files", clockLabel, controlLabel, "", strings.Repeat("x", 500)} {
		t.Run(fmt.Sprintf("%.5s", label), func(t *testing.T) {
			r := newRig(t, Config{}, DeviceConfig{}, DialConfig{})
			pc, _ := r.raw(t, controlLabel)
			for range 300 {
				if _, err := pc.CreateDataChannel(label, nil); err != nil {
					break // closed already
				}
			}
			eventually(t, "the connection to be closed", func() bool {
				r.device.mu.Lock()
				defer r.device.mu.Unlock()
				return r.device.link == nil
			})
			r.connect(t, nil) // and the device may come back
			r.waitConnected(t)
		})
	}
}

// TestControlIsNotHoarded: what comes faster than it is taken stays with the sender.
func TestControlIsNotHoarded(t *testing.T) {
	release := make(chan struct{})
	r := newRig(t, Config{}, DeviceConfig{OnControl: func([]byte) { <-release }}, DialConfig{})
	defer r.close()
	defer close(release)
	_, dc := r.raw(t, controlLabel)
	raw, err := dc.Detach()
	must(t, err)
	const messages = 256
	for range messages {
		_, err := raw.Write(make([]byte, 32<<10))
		must(t, err)
	}
	last, since := dc.BufferedAmount(), time.Now()
	eventually(t, "the sender to stand still", func() bool {
		if now := dc.BufferedAmount(); now != last {
			last, since = now, time.Now()
		}
		return last < messages*32<<10 && time.Since(since) > 300*time.Millisecond
	})
	if gone := messages*32<<10 - int(last); gone > maxReceive+4*maxControl {
		t.Errorf("%d bytes were taken in, want %d at most", gone, maxReceive+4*maxControl)
	}
}
