package peer

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// relay passes the packets of one client on to a server and back: late, in
// order, and not all of them.
type relay struct {
	front, back *net.UDPConn // towards the client, towards the server
	delay       time.Duration
	loss        float64
	wg          sync.WaitGroup

	mu     sync.Mutex
	rng    *rand.Rand
	client netip.AddrPort
}

type latePacket struct {
	at   time.Time
	data []byte
}

func newRelay(t testing.TB, server net.Addr, delay time.Duration, loss float64) *relay {
	t.Helper()
	back, err := net.DialUDP("udp4", nil, server.(*net.UDPAddr))
	must(t, err)
	r := &relay{
		front: loopbackUDP(t).(*net.UDPConn), back: back,
		delay: delay, loss: loss, rng: rand.New(rand.NewPCG(1, 2)),
	}
	r.pass(r.fromClient, func(b []byte) { _, _ = r.back.Write(b) })
	r.pass(r.back.Read, r.toClient)
	t.Cleanup(func() {
		_ = r.front.Close()
		_ = r.back.Close()
		r.wg.Wait()
	})
	return r
}

// pass runs one direction until read fails.
func (r *relay) pass(read func([]byte) (int, error), write func([]byte)) {
	queue := make(chan latePacket, 10_000)
	r.wg.Go(func() {
		defer close(queue)
		b := make([]byte, 2048)
		for {
			n, err := read(b)
			if err != nil {
				return
			}
			if !r.loses() {
				queue <- latePacket{time.Now().Add(r.delay), append([]byte(nil), b[:n]...)}
			}
		}
	})
	r.wg.Go(func() {
		for p := range queue {
			<-time.After(time.Until(p.at))
			write(p.data)
		}
	})
}

func (r *relay) loses() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rng.Float64() < r.loss
}

func (r *relay) fromClient(b []byte) (int, error) {
	n, from, err := r.front.ReadFromUDPAddrPort(b)
	if err == nil {
		r.mu.Lock()
		r.client = from
		r.mu.Unlock()
	}
	return n, err
}

func (r *relay) toClient(b []byte) {
	r.mu.Lock()
	to := r.client
	r.mu.Unlock()
	_, _ = r.front.WriteToUDPAddrPort(b, to)
}

// edit puts the relay's port into an answer, in place of the server's.
func (r *relay) edit(answer string) string {
	port := func(a net.Addr) string { return " " + strconv.Itoa(a.(*net.UDPAddr).Port) + " typ " }
	return strings.ReplaceAll(answer, port(r.back.RemoteAddr()), port(r.front.LocalAddr()))
}
