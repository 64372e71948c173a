package device

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	clockframe "github.com/downbeat-sync/downbeat/clock/frame"
	"github.com/downbeat-sync/downbeat/internal/testnet"
	"github.com/downbeat-sync/downbeat/peer"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/store"
)

// ahead is by how much the devices' clocks are ahead of session time.
const ahead = 77 * time.Second

// world is a whole server in a bubble, over a virtual network without delay.
type world struct {
	t      *testing.T
	net    *testnet.Network
	pipes  *testnet.Pipes
	source *clock.Source
	store  *store.Memory
	svc    *session.Service
}

func inBubble(t *testing.T, test func(t *testing.T, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, net: testnet.New(t), pipes: testnet.NewPipes(), source: clock.NewSource(time.Now), store: store.NewMemory()}
		host := w.net.Host("10.0.0.1")
		w.net.Start()
		udp, err := host.ListenPacket("udp4", "10.0.0.1:7000")
		must(t, err)
		stop := w.serve(peer.Config{UDP: udp, Net: host, Now: w.source.Now})
		defer func() {
			stop()
			synctest.Wait()
			w.net.Close()
		}()
		test(t, w)
	})
}

// serve runs a server; the function that it returns ends it.
func (w *world) serve(cfg peer.Config) (stop func()) {
	cfg.Log = slog.New(slog.DiscardHandler)
	peers, err := peer.NewServer(cfg)
	must(w.t, err)
	w.svc, err = session.New(session.Config{Store: w.store, Now: w.source.Now})
	must(w.t, err)
	server := signaling.New(signaling.Config{
		Sessions: w.svc, Now: w.source.Now,
		OpenPeer: func(_ string, line signaling.Line) signaling.Peer {
			return peers.NewDevice(peer.DeviceConfig{SendFrame: line.SendFrame, OnControl: line.OnControl})
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	httpServer := &http.Server{Handler: server}
	var running sync.WaitGroup
	running.Go(func() { _ = w.svc.Run(ctx) })
	running.Go(func() { _ = httpServer.Serve(w.pipes) })
	return func() {
		server.Close()
		_ = httpServer.Close()
		cancel()
		running.Wait()
		must(w.t, peers.Close())
	}
}

// running is a device that runs, and when it acted.
type running struct {
	*Device
	stop context.CancelFunc
	err  chan error

	skipped atomic.Int64 // ns by which its clock is ahead of what it should be

	mu    sync.Mutex
	acts  []Act
	times []clock.SessionTime // true ones
}

// run starts a device, which creates the session if there is none.
func (w *world) run(cfg Config) *running {
	cfg.Create = true
	return w.start(cfg)
}

// start starts a device.
func (w *world) start(cfg Config) *running {
	r := &running{err: make(chan error, 1)}
	if cfg.URLs == nil {
		cfg.URL, cfg.NetDial = "http://10.0.0.1", w.pipes.Dial
	}
	cfg.Spin, cfg.SessionID = -1, "studio"
	cfg.Now = func() clock.DeviceTime {
		return clock.DeviceTime(w.source.Now()).Add(ahead + time.Duration(r.skipped.Load()))
	}
	cfg.Act = func(a Act) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.acts, r.times = append(r.acts, a), append(r.times, w.source.Now())
	}
	// The WebSocket alone: when both sides close a data channel at once, pion waits
	// for time to pass with a lock held, which stops the time of a bubble.
	cfg.TCPOnly = true
	r.Device = New(cfg)
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go func() { r.err <- r.Run(ctx) }()
	return r
}

// end stops the device and joins it.
func (r *running) end(t *testing.T) {
	t.Helper()
	r.stop()
	must(t, <-r.err)
}

func (r *running) acted() ([]Act, []clock.SessionTime) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.acts, r.times
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func codeOf(err error) string {
	var e *session.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func pingWith(m clock.Map) []byte { return clockframe.Ping{Nonce: 1, Map: m}.Append(nil) }
