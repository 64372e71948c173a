package peer

import (
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// troubled is a socket whose reads fail as some systems' do.
type troubled struct {
	net.PacketConn
	errs   chan error
	closed chan struct{}
}

func (c *troubled) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case err := <-c.errs:
		return copy(b, "anything"), &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1}, err
	case <-c.closed:
		return 0, nil, errors.New("closed, in words of its own")
	}
}

func (c *troubled) Close() error { close(c.closed); return nil }

// TestReadingGoesOn after errors that are about one packet, and ends with the socket.
func TestReadingGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, a, _ := passing(t)
		f.pass(a.check(t), port(1))
		inner := &troubled{errs: make(chan error, 200), closed: make(chan struct{})}
		c := filterUDP(inner, f)
		for range 150 {
			inner.errs <- &net.OpError{Op: "read", Err: errors.New("the message was longer than the buffer")}
		}
		inner.errs <- nil
		b := make([]byte, 100)
		if n, _, err := c.ReadFrom(b); err != nil || string(b[:n]) != "anything" {
			t.Errorf("read %q, %v", b[:n], err)
		}
		inner.errs <- os.ErrDeadlineExceeded
		if _, _, err := c.ReadFrom(b); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a deadline: %v", err)
		}
		ended := make(chan error)
		go func() {
			_, _, err := c.ReadFrom(b)
			ended <- err
		}()
		time.Sleep(time.Second)
		must(t, c.Close())
		if err := <-ended; err == nil {
			t.Error("closed, and no error")
		}
	})
}
