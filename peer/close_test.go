package peer

import (
	"errors"
	"net"
	"testing"

	"github.com/downbeat-sync/downbeat/clock"
)

// TestCloseWithoutRun: a device that has accepted an offer and doesn't join after all leaves nothing behind.
func TestCloseWithoutRun(t *testing.T) {
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewServer(Config{UDP: udp, Now: func() clock.SessionTime { return t0 }})
	if err != nil {
		t.Fatal(err)
	}
	d := s.NewDevice(DeviceConfig{})
	if _, err := d.Accept(t.Context(), offerOf(t)); err != nil {
		t.Fatal(err)
	}
	d.Close()
	d.Close()
	if _, err := d.Accept(t.Context(), offerOf(t)); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed device accepts: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
