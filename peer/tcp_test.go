package peer

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/internal/testnet"
)

// framed puts a packet's length in front of it.
func framed(b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
}

// pipeTo connects to a listener over pipes, and returns the server's end too.
func pipeTo(t *testing.T, pipes *testnet.Pipes, l *listener) (here, there net.Conn) {
	t.Helper()
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			accepted <- c
		}
	}()
	here, err := pipes.Dial(t.Context(), "", "")
	must(t, err)
	return here, <-accepted
}

// TestFirstFrame: a connection that doesn't begin with a device's check brings
// pion nothing, and ends within 5 s.
func TestFirstFrame(t *testing.T) {
	_, a, _ := passing(t)
	good := framed(a.check(t))
	for _, tt := range []struct {
		name   string
		writes [][]byte
		every  time.Duration
		lasts  time.Duration // until the read ends
		good   bool
	}{
		{name: "silence", lasts: firstCheckTimeout},
		{name: "one byte", writes: [][]byte{{0}}, lasts: firstCheckTimeout},
		{name: "a length alone", writes: [][]byte{good[:2]}, lasts: firstCheckTimeout},
		{name: "half a check", writes: [][]byte{good[:40]}, lasts: firstCheckTimeout},
		{name: "a byte each second", writes: slices.Collect(slices.Chunk(good, 1)), every: time.Second, lasts: firstCheckTimeout},
		{name: "a length of nothing", writes: [][]byte{{0, 0}}},
		{name: "the greatest length", writes: [][]byte{{255, 255}}},
		{name: "one too long", writes: [][]byte{{2, 1}}},
		{name: "HTTP", writes: [][]byte{[]byte("GET / HTTP/1.1\r\n\r\n")}},
		{name: "another's password", writes: [][]byte{framed(a.checkWith(t, a.username, "another"))}},
		{name: "DTLS", writes: [][]byte{framed([]byte{22, 254, 253, 0, 0})}},
		{name: "a check", writes: [][]byte{good}, good: true},
		{name: "a check in three parts", writes: [][]byte{good[:1], good[1:30], good[30:]}, every: time.Second, lasts: 2 * time.Second, good: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, _, _ := passing(t)
				pipes := testnet.NewPipes()
				l := newListener(pipes, defaultTCP, f)
				here, there := pipeTo(t, pipes, l)
				written := make(chan struct{})
				go func() {
					defer close(written)
					for _, b := range tt.writes {
						if _, err := here.Write(b); err != nil {
							return
						}
						time.Sleep(tt.every)
					}
				}()
				start := time.Now()
				b := make([]byte, 600)
				n, err := there.Read(b[:2])
				if took := time.Since(start); took != tt.lasts {
					t.Errorf("it took %v, want %v", took, tt.lasts)
				}
				if (err == nil) != tt.good || tt.lasts == firstCheckTimeout && !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%d bytes, %v", n, err)
				}
				if waits := len(l.waiting); (waits == 0) != tt.good {
					t.Errorf("%d wait", waits)
				}
				if tt.good {
					rest, err := io.ReadAtLeast(there, b[n:], len(good)-n)
					if err != nil || string(b[:n+rest]) != string(good) {
						t.Errorf("read %d bytes of %d, %v", n+rest, len(good), err)
					}
					if _, err := there.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != tt.lasts+tcpIdleTimeout {
						t.Errorf("silence ends with %v after %v", err, time.Since(start))
					}
				}
				must(t, there.Close())
				must(t, there.Close())
				must(t, here.Close())
				<-written
				if l.count != 0 || len(l.of) != 0 || len(l.waiting) != 0 {
					t.Errorf("%d connections of %d networks, %d wait", l.count, len(l.of), len(l.waiting))
				}
			})
		})
	}
}

// from is a connection from an address.
type from struct {
	net.Conn
	addr   net.TCPAddr
	closed bool
}

func (c *from) RemoteAddr() net.Addr { return &c.addr }
func (c *from) Close() error         { c.closed = true; return nil }

// Of the default.
const (
	ofAddress        = 768
	waiting          = 128
	waitingOfAddress = 64
)

func connFrom(l *listener, ip string, port int) *conn {
	c := &from{addr: net.TCPAddr{IP: net.ParseIP(ip), Port: port}}
	return &conn{Conn: c, listener: l, from: sourceOf(c.RemoteAddr())}
}

// TestConnectionsAreCounted by address and in all; the oldest that waits makes room.
func TestConnectionsAreCounted(t *testing.T) {
	enter := func(t *testing.T, l *listener, c *conn) (closed bool) {
		t.Helper()
		over, ok := l.enter(c)
		if !ok {
			t.Fatalf("%v is refused", c.from.at)
		}
		if over != nil {
			must(t, over.Close())
		}
		return over != nil
	}
	t.Run("those that wait, of one address", func(t *testing.T) {
		l := newListener(nil, defaultTCP, nil)
		first := connFrom(l, "2001:db8::1", 1)
		enter(t, l, first)
		other := connFrom(l, "2001:db8:0:1::1", 1)
		enter(t, l, other)
		for n := range waitingOfAddress - 1 {
			if enter(t, l, connFrom(l, "2001:db8::"+netip.AddrFrom4([4]byte{10, 0, byte(n), 2}).String(), n)) {
				t.Fatalf("%d are too many", n)
			}
		}
		if !enter(t, l, connFrom(l, "2001:db8::ffff", 1)) || !first.Conn.(*from).closed || other.Conn.(*from).closed {
			t.Error("the network's oldest didn't make room")
		}
	})
	t.Run("those that wait, in all", func(t *testing.T) {
		l := newListener(nil, defaultTCP, nil)
		first := connFrom(l, "192.0.2.1", 1)
		enter(t, l, first)
		for n := range waiting - 1 {
			if enter(t, l, connFrom(l, netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}).String(), n)) {
				t.Fatalf("%d are too many", n)
			}
		}
		if !enter(t, l, connFrom(l, "198.51.100.1", 1)) || !first.Conn.(*from).closed || len(l.waiting) != waiting {
			t.Errorf("the oldest didn't make room: %d wait", len(l.waiting))
		}
	})
	t.Run("of one address", func(t *testing.T) {
		l := newListener(nil, defaultTCP, nil)
		var last *conn
		for n := range ofAddress {
			last = connFrom(l, "192.0.2.1", n)
			enter(t, l, last)
			l.admit(last)
		}
		if _, ok := l.enter(connFrom(l, "192.0.2.1", 1)); ok {
			t.Error("one too many")
		}
		enter(t, l, connFrom(l, "192.0.2.2", 1))
		must(t, last.Close())
		enter(t, l, connFrom(l, "192.0.2.1", 2))
	})
	t.Run("in all", func(t *testing.T) {
		l := newListener(nil, defaultTCP, nil)
		for n := range defaultTCP {
			c := connFrom(l, netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}).String(), 1)
			enter(t, l, c)
			l.admit(c)
		}
		if _, ok := l.enter(connFrom(l, "192.0.2.1", 1)); ok {
			t.Error("one too many")
		}
	})
}

// failing is a listener whose system has no descriptor left at first.
type failing struct {
	net.Listener
	faults int
}

func (l *failing) Accept() (net.Conn, error) {
	if l.faults--; l.faults >= 0 {
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return l.Listener.Accept()
}

// TestAcceptGoesOn after the system had no descriptor for a while.
func TestAcceptGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pipes := testnet.NewPipes()
		l := newListener(&failing{pipes, 20}, defaultTCP, newFilter())
		here, there := pipeTo(t, pipes, l)
		must(t, here.Close())
		must(t, there.Close())
		must(t, l.Close())
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}

// TestSilentConnections: a device comes in by TCP while others only hold connections
// open, or send garbage, over real sockets.
func TestSilentConnections(t *testing.T) {
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	r := newRig(t, Config{TCP: tcp}, DeviceConfig{}, DialConfig{TCPOnly: true})
	var silent []net.Conn
	for n := range waitingOfAddress + 8 {
		c, err := net.Dial("tcp4", tcp.Addr().String())
		must(t, err)
		defer c.Close()
		_, err = c.Write([][]byte{nil, {0}, {0, 100}, {0, 100, 0, 1}}[n%4])
		must(t, err)
		silent = append(silent, c)
	}
	r.connect(t, nil)
	r.waitConnected(t)
	must(t, silent[0].SetReadDeadline(time.Now().Add(20*time.Second)))
	if _, err := silent[0].Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the oldest is still open: %v", err)
	}
	eventually(t, "map over TCP", func() bool {
		s := r.device.Status()
		return s.Path == PathTCP && s.Estimate.Map.Valid
	})
}

// TestConnectionsOfOneDevice: four at a time, and a new one when one has ended.
func TestConnectionsOfOneDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, a, b := passing(t)
		l := newListener(nil, defaultTCP, f)
		comes := func(h *hostile, port int) (*conn, error) {
			here, there := net.Pipe()
			c := &conn{Conn: there, listener: l, from: source{tcp: true, at: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(port))}}
			if _, ok := l.enter(c); !ok {
				t.Fatal("refused before it said anything")
			}
			go func() { _, _ = here.Write(framed(h.check(t))) }()
			_, err := c.Read(make([]byte, 2))
			return c, err
		}
		var last *conn
		for n := range maxTCPOfDevice {
			c, err := comes(a, n)
			must(t, err)
			last = c
		}
		over, err := comes(a, 100)
		if !errors.Is(err, errRefused) {
			t.Errorf("one more: %v", err)
		}
		must(t, over.Close())
		_, err = comes(b, 101)
		must(t, err)
		must(t, last.Close())
		_, err = comes(a, 102)
		must(t, err)
		if l.count != maxTCPOfDevice+1 || len(l.waiting) != 0 {
			t.Errorf("%d open, %d wait", l.count, len(l.waiting))
		}
	})
}

func FuzzFirstFrame(f *testing.F) {
	h := &hostile{username: "aaaa:x", password: "password of a, twenty-two"}
	f.Add(framed(h.check(f)))
	f.Add([]byte{255, 255, 1})
	f.Add([]byte{0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		flt := newFilter()
		flt.add("aaaa", h.password)
		here, there := net.Pipe()
		l := newListener(nil, defaultTCP, flt)
		c := &conn{Conn: there, listener: l}
		if _, ok := l.enter(c); !ok {
			t.Fatal("refused")
		}
		go func() {
			_, _ = here.Write(b)
			_ = here.Close()
		}()
		read, err := io.ReadAll(c)
		if len(read) > 0 && (flt.sourcesOf("aaaa") != 1 || string(read) != string(b[:len(read)])) {
			t.Errorf("%d bytes of nobody: %v", len(read), err)
		}
		_ = c.Close()
	})
}
