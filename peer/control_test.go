package peer

import (
	"errors"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"
)

// offerWith connects with one channel of any label.
func (r *rig) offerWith(t *testing.T, label string) (*webrtc.PeerConnection, *webrtc.DataChannel) {
	t.Helper()
	pc, err := r.client.api.NewPeerConnection(webrtc.Configuration{})
	must(t, err)
	t.Cleanup(func() { _ = pc.GracefulClose() })
	dc, err := pc.CreateDataChannel(label, nil)
	must(t, err)
	offer, err := pc.CreateOffer(nil)
	must(t, err)
	must(t, pc.SetLocalDescription(offer))
	answer, err := r.device.Accept(t.Context(), offer.SDP)
	must(t, err)
	must(t, pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
	return pc, dc
}

func TestUnknownChannelIsClosed(t *testing.T) {
	r := newRig(t, Config{}, DeviceConfig{}, DialConfig{})
	_, dc := r.offerWith(t, "files")
	closed := make(chan error, 1)
	dc.OnOpen(func() {
		raw, err := dc.Detach()
		if err == nil {
			_, err = raw.Read(make([]byte, 100))
		}
		closed <- err
	})
	if err := <-closed; err == nil {
		t.Error("something came over it")
	}
}

func TestTooLongControlMessage(t *testing.T) {
	r := newRig(t, Config{}, DeviceConfig{OnControl: func(b []byte) {
		t.Errorf("%d bytes came through", len(b))
	}}, DialConfig{})
	r.connect(t, func(answer string) string { // a client that cares for no limit
		return strings.Replace(answer, "max-message-size:65536", "max-message-size:1000000", 1)
	})
	eventually(t, "control channel", func() bool { return r.device.SendControl([]byte("x")) == nil })
	msg := []byte(strings.Repeat("x", maxControl+1))
	if err := r.client.SendControl(msg); !errors.Is(err, ErrTooLong) {
		t.Errorf("got %v, want ErrTooLong", err)
	}
	_, err := r.client.current().ctl.rw.WriteDataChannel(msg, true)
	must(t, err)
	eventually(t, "control to be dropped", func() bool {
		return errors.Is(r.device.SendControl([]byte("x")), ErrNoControl)
	})
	r.waitConnected(t) // the clock goes on
}

func TestControlIsBounded(t *testing.T) {
	r := newRig(t, Config{}, DeviceConfig{}, DialConfig{})
	if err := r.client.SendControl(nil); !errors.Is(err, ErrNoControl) {
		t.Errorf("before any offer: %v, want ErrNoControl", err)
	}
	r.connect(t, nil)
	if err := r.device.SendControl(nil); err != nil && !errors.Is(err, ErrNoControl) {
		t.Errorf("before it is open: %v, want ErrNoControl", err)
	}
	eventually(t, "control channel", func() bool { return r.device.SendControl([]byte("x")) == nil })
	msg := []byte(strings.Repeat("x", maxControl))
	for range 10_000 {
		if err := r.device.SendControl(msg); err != nil {
			if !errors.Is(err, ErrBusy) {
				t.Errorf("got %v, want ErrBusy", err)
			}
			return
		}
	}
	t.Error("640 MB were queued")
}
