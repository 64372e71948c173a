// Command clock-udp shows package clock over a transport of your own: a server measures the clock of
// one device with datagrams, and the device learns session time from them. Both are in
// this process, on the loopback interface; the device's clock starts at 5 s and runs 50 ppm
// fast. It prints what the device believes, its bounds, and the true error.
//
//	go run ./examples/clock-udp -for 10s
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

func main() {
	length := flag.Duration("for", 10*time.Second, "how long to measure")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *length)
	defer cancel()
	if _, err := run(ctx, os.Stdout, time.Second); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// reading is what the device believed at one moment.
type reading struct {
	Error       time.Duration // session time as the device tells it − session time
	Bound, Hard time.Duration
}

// run measures until ctx ends, and prints and returns a reading from time to time.
func run(ctx context.Context, out io.Writer, every time.Duration) (readings []reading, err error) {
	server, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	conn, err := net.DialUDP("udp4", nil, server.LocalAddr().(*net.UDPAddr))
	if err != nil {
		return nil, errors.Join(err, server.Close())
	}
	source := clock.NewSource(time.Now)
	dev := newDevice(conn)
	var running sync.WaitGroup
	running.Go(func() { serve(server, conn.LocalAddr().(*net.UDPAddr), source) })
	running.Go(dev.answer)
	defer running.Wait() // their sockets are closed by then
	defer conn.Close()
	defer server.Close()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(every):
			if r, ok := dev.read(source); ok {
				readings = append(readings, r)
				fmt.Fprintf(out, "error %v, within ±%v with 99 %% confidence, ±%v for certain\n", r.Error, r.Bound, r.Hard)
			}
		}
	}
	return readings, nil
}

// serve pings the device at addr until its socket is closed. Everything happens in this goroutine, so
// the estimator needs no lock. A ping is a nonce and the device's map; a pong the nonce, T2 and T3.
func serve(conn *net.UDPConn, addr *net.UDPAddr, source *clock.Source) {
	est := clock.NewEstimator(clock.Config{Seed: 1})
	var pings clock.Pings
	pong := make([]byte, 64)
	for nonce := uint64(1); ; {
		if wait := source.Until(est.Due()); wait > 0 {
			_ = conn.SetReadDeadline(time.Now().Add(wait))
		} else {
			frame := est.Estimate(source.Now()).Map.Append(binary.BigEndian.AppendUint64(nil, nonce))
			t1 := source.Now() // as late as possible
			pings.Begin(nonce, t1)
			est.Sent(t1)
			if _, err := conn.WriteToUDP(frame, addr); err != nil {
				pings.Unsent(nonce)
			}
			nonce++ // guessable: take crypto/rand where strangers can send datagrams
			continue
		}
		n, _, err := conn.ReadFromUDP(pong)
		t4 := source.Now() // as early as possible
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || n != 24 { // the deadline: the next ping is due
			continue
		}
		if t1, ok := pings.Answered(binary.BigEndian.Uint64(pong)); ok {
			x := clock.Exchange{T1: t1, T2: stamp(pong[8:]), T3: stamp(pong[16:]), T4: t4}
			_ = est.Add(x) // one that isn't used does no harm: its error tells why
		}
	}
}

func stamp(b []byte) clock.DeviceTime { return clock.DeviceTime(binary.BigEndian.Uint64(b)) }

// device answers pings and follows the maps that they bring.
type device struct {
	conn  *net.UDPConn
	start time.Time

	mu     sync.Mutex
	follow clock.Follower
}

func newDevice(conn *net.UDPConn) *device { return &device{conn: conn, start: time.Now()} }

// now is the device's clock.
func (d *device) now() clock.DeviceTime {
	elapsed := time.Since(d.start)
	return clock.DeviceTime(5*time.Second + elapsed + elapsed/20_000)
}

// answer answers pings until the socket is closed.
func (d *device) answer() {
	ping := make([]byte, 64)
	for {
		n, err := d.conn.Read(ping)
		t2 := d.now() // as early as possible
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || n != 8+clock.MapSize {
			continue
		}
		pong := binary.BigEndian.AppendUint64(ping[:8:8], uint64(t2))
		pong = binary.BigEndian.AppendUint64(pong, uint64(d.now())) // T3, as late as possible
		_, _ = d.conn.Write(pong)                                   // one that is lost is one exchange less
		if m, err := clock.ParseMap(ping[8:n]); err == nil {
			d.mu.Lock()
			d.follow.Set(m, d.now())
			d.mu.Unlock()
		}
	}
}

// read compares what the device believes with the truth; false while it believes nothing.
func (d *device) read(source *clock.Source) (r reading, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.follow.Valid() {
		return r, false
	}
	before := source.Now()
	now := d.now()
	after := source.Now()
	r = reading{Bound: d.follow.Bound(now), Hard: d.follow.Hard(now)}
	// The truth lies between the two readings: the nearer one is what can be held against the device.
	if told := d.follow.Now(now); told < before || told > after {
		r.Error = min(told.Sub(before).Abs(), told.Sub(after).Abs())
		if told < before {
			r.Error = -r.Error
		}
	}
	return r, true
}
