package device

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// dialled is a network in which one address has a server, and what was dialled in it.
type dialled struct {
	w     *world
	mu    sync.Mutex
	alive string
	seen  []string
}

func (n *dialled) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	n.mu.Lock()
	n.seen = append(n.seen, addr)
	alive := addr == n.alive
	n.mu.Unlock()
	if !alive {
		return nil, errors.New("nobody is there")
	}
	return n.w.pipes.Dial(ctx, network, addr)
}

// move has the server at another address.
func (n *dialled) move(to string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.alive, n.seen = to, nil
}

func (n *dialled) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.seen)
}

// lockedBuffer is written to by several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestAddresses: a device goes through its addresses until one answers, when it starts and when that one is gone.
func TestAddresses(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		n, said := &dialled{w: w, alive: "10.0.0.2:80"}, &lockedBuffer{}
		d := w.run(Config{
			URLs:    []string{"http://10.0.0.1", "http://10.0.0.2", "http://10.0.0.1/", "http://10.0.0.3"},
			NetDial: n.dial, UserID: "ann", Net: w.net.Host("10.0.0.9"), Log: slog.New(slog.NewTextHandler(said, nil)),
		})
		<-d.Joined()
		if seen := n.all(); !slices.Equal(seen, []string{"10.0.0.1:80", "10.0.0.2:80"}) {
			t.Errorf("dialled %v", seen)
		}
		for _, word := range []string{"msg=address_ignored url=http://10.0.0.1/", "msg=connection_lost url=http://10.0.0.1 ", "next=http://10.0.0.2 "} {
			if !strings.Contains(said.String(), word) {
				t.Errorf("not said: %s\n%s", word, said.String())
			}
		}
		seat := d.Seat()
		n.move("10.0.0.1:80")
		must(t, w.pipes.Cut())
		time.Sleep(2 * firstWait)
		if seen := n.all(); !slices.Equal(seen, []string{"10.0.0.3:80", "10.0.0.1:80"}) {
			t.Errorf("dialled %v", seen)
		}
		if again := d.Seat(); again.DeviceID != seat.DeviceID || again.UserID != "ann" {
			t.Errorf("came back as %+v", again)
		}
		d.end(t)
	})
}

// TestNoAddressAnswers: a device that reaches none of its addresses at first says so, with each of them.
func TestNoAddressAnswers(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		n := &dialled{w: w}
		d := w.run(Config{URLs: []string{"http://10.0.0.1", "http://10.0.0.2"}, NetDial: n.dial, Net: w.net.Host("10.0.0.9")})
		if err := <-d.err; err == nil || !strings.Contains(err.Error(), "nobody is there") {
			t.Errorf("ended with %v", err)
		}
		if seen := n.all(); !slices.Equal(seen, []string{"10.0.0.1:80", "10.0.0.2:80"}) {
			t.Errorf("dialled %v", seen)
		}
	})
}

// TestBadAddresses: what is no address is a mistake that is told before anything is dialled.
func TestBadAddresses(t *testing.T) {
	for _, urls := range [][]string{{}, {""}, {"studio"}, {"http://10.0.0.1", "ftp://10.0.0.2"}, {"http://10.0.0.1", "http://"}, {"http://[::1"}} {
		d := New(Config{URLs: urls, SessionID: "studio"})
		if err := d.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "URL") {
			t.Errorf("%q: %v", urls, err)
		}
		if err := d.Upload(t.Context(), "rec", "", "", strings.NewReader("x"), 1); err == nil {
			t.Errorf("%q: uploaded", urls)
		}
	}
}

// TestGoodbye: a device goes where the server sends it, and goes on through its own addresses where nobody is there.
func TestGoodbye(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		n := &dialled{w: w, alive: "10.0.0.1:80"}
		d := w.run(Config{URLs: []string{"http://10.0.0.1"}, NetDial: n.dial, Net: w.net.Host("10.0.0.9")})
		<-d.Joined()
		time.Sleep(2 * maxWait)
		n.move("10.0.0.7:80")
		d.control([]byte(`{"event":"goodbye","data":{"reason":"shutdown","retryAfterMs":5000,"url":"http://10.0.0.7"}}`))
		must(t, w.pipes.Cut())
		time.Sleep(2 * firstWait)
		if seen := n.all(); !slices.Equal(seen, []string{"10.0.0.7:80"}) {
			t.Errorf("dialled %v", seen)
		}
		time.Sleep(2 * maxWait)
		n.move("10.0.0.1:80")
		d.control([]byte(`{"event":"goodbye","data":{"reason":"shutdown","retryAfterMs":5000,"url":"http://10.0.0.8"}}`))
		must(t, w.pipes.Cut())
		time.Sleep(10 * firstWait)
		if seen := n.all(); !slices.Equal(seen, []string{"10.0.0.8:80", "10.0.0.1:80"}) {
			t.Errorf("dialled %v", seen)
		}
		d.end(t)
	})
}

// TestComesBackThen: with one address a device waits for as long as the server has said, within reason.
func TestComesBackThen(t *testing.T) {
	a, err := newAddresses("https://one.example", nil, slog.New(slog.DiscardHandler))
	must(t, err)
	for after, want := range map[time.Duration]time.Duration{5 * time.Second: 5 * time.Second, -time.Second: firstWait / 2, 24 * time.Hour: maxAfter} {
		a.lasted()
		must(t, a.goodbye("", after))
		if wait := a.next(); wait < want || wait > want+firstWait {
			t.Errorf("waits %v after %v", wait, after)
		}
	}
	for _, to := range []string{"http://other.example", "other", "javascript:alert(1)"} {
		if err := a.goodbye(to, 0); err == nil {
			t.Errorf("goes to %s", to)
		}
	}
	if at := a.use(); at != "https://one.example" {
		t.Errorf("goes to %s", at)
	}
}

// TestPauses: the pause grows once each address has been tried, and begins anew after a connection that was good.
func TestPauses(t *testing.T) {
	a, err := newAddresses("http://one", []string{"http://two", "http://three"}, slog.New(slog.DiscardHandler))
	must(t, err)
	for i := range 60 {
		full := min(firstWait<<min(i/3, 16), maxWait)
		if wait := a.next(); wait < full/2 || wait > full {
			t.Fatalf("waits %v for try %d, not %v", wait, i, full)
		}
	}
	a.lasted()
	if wait := a.next(); wait > firstWait {
		t.Errorf("waits %v", wait)
	}
}
