package main

import (
	"context"
	"log/slog"
	"math"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v5/vnet"
)

// The virtual network that the whole service runs on in fake time: UDP over
// pion's vnet, with a delay of its own in each direction, and TCP over pipes.
const serverIP = "10.0.0.1"

type network struct {
	router  *vnet.Router
	filters []*vnet.DelayFilter
	pipes   *pipeListener
}

// delay is the time that a datagram sent at an instant takes. It is a function
// of the instant alone, so that a run repeats itself.
type delay func(at time.Time) time.Duration

func newNetwork(t *testing.T) *network {
	t.Helper()
	factory := logging.NewDefaultLoggerFactory()
	factory.DefaultLogLevel = logging.LogLevelDisabled
	router, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.0.0.0/24", LoggerFactory: factory})
	check(t, err)
	return &network{router: router, pipes: newPipeListener()}
}

// host adds a host; what another one sends to it takes as long as to says.
func (n *network) host(t *testing.T, ip string, to map[string]delay) *vnet.Net {
	t.Helper()
	host, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip}})
	check(t, err)
	filter, err := vnet.NewDelayFilter(host)
	check(t, err)
	check(t, n.router.AddNet(filter))
	n.filters = append(n.filters, filter)
	n.router.AddChunkFilter(func(c vnet.Chunk) bool {
		if c.DestinationAddr().(*net.UDPAddr).IP.String() == ip {
			if d := to[c.SourceAddr().(*net.UDPAddr).IP.String()]; d != nil {
				filter.SetDelay(d(time.Now()))
			}
		}
		return true
	})
	return host
}

func (n *network) close(t *testing.T) {
	t.Helper()
	check(t, n.router.Stop())
	synctest.Wait()
	for _, f := range n.filters {
		check(t, f.Close())
	}
}

// queueing is a floor with an exponential queue upon it.
func queueing(seed uint64, floor, mean time.Duration) delay {
	return func(at time.Time) time.Duration {
		z := seed*0x9e3779b97f4a7c15 + uint64(at.UnixNano())
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		u := float64((z^z>>31)>>11) / (1 << 53)
		return floor + time.Duration(-math.Log(1-u)*float64(mean))
	}
}

// pipeListener is a listener whose connections are pipes.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(serverIP), Port: 8080} }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
