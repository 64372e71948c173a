package e2e

import (
	"context"
	"encoding/json"
	"net"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// TestSilentPath: a device whose way to its instance swallows everything, and closes nothing, goes on at the next
// instance by itself; the instance notices that one who doesn't come back is gone.
func TestSilentPath(t *testing.T) {
	nats := newNATS(t).url()
	one, two := newInstance(t, "--nats", nats), newInstance(t, "--nats", nats)
	ann := two.join(signaling.JoinRequest{SessionID: "studio", UserID: "ann"})
	way := newRelay(t, one.url, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9})

	joined := make(chan session.SessionJoined, 8)
	d := device.New(device.Config{
		URLs: []string{way.url, two.url}, SessionID: "studio", UserID: "bob", TCPOnly: true,
		OnJoined: func(s session.SessionJoined) { joined <- s },
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	defer func() { stop(); <-ended }()
	was := <-joined
	left := (&instance{t: t, url: way.url}).join(signaling.JoinRequest{SessionID: "studio", UserID: "cid"})

	way.take()
	began := time.Now()
	select {
	case is := <-joined:
		if is.DeviceID != was.DeviceID || is.UserID != "bob" {
			t.Errorf("came back as %+v", is)
		}
		t.Logf("the device was at the next instance after %v", time.Since(began).Round(time.Millisecond))
	case err := <-ended:
		t.Fatal(err)
	case <-time.After(30 * time.Second):
		t.Fatal("30 s after its way fell silent the device is nowhere else")
	}
	for {
		var gone session.DeviceDisconnected
		check(t, json.Unmarshal(ann.await(t, "device_disconnected").Data, &gone))
		if gone.DeviceID == left.DeviceID {
			break
		}
	}
	t.Logf("who didn't come back was missed after %v", time.Since(began).Round(time.Millisecond))
}
