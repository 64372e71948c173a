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

// relay passes the packets of one client on to a server and back, late, and
// not all of them.
type relay struct {
	front, back *net.UDPConn // towards the client, towards the server
	delay       time.Duration
	loss        float64
	wg          sync.WaitGroup

	mu     sync.Mutex
	rng    *rand.Rand
	client netip.AddrPort
}

func newRelay(t testing.TB, server net.Addr, delay time.Duration, loss float64) *relay {
	t.Helper()
	back, err := net.DialUDP("udp4", nil, server.(*net.UDPAddr))
	must(t, err)
	r := &relay{
		front: loopbackUDP(t).(*net.UDPConn), back: back,
		delay: delay, loss: loss, rng: rand.New(rand.NewPCG(1, 2)),
	}
	r.wg.Go(r.toServer)
	r.wg.Go(r.toClient)
	t.Cleanup(func() {
		_ = r.front.Close()
		_ = r.back.Close()
		r.wg.Wait()
	})
	return r
}

func (r *relay) toServer() {
	b := make([]byte, 2048)
	for {
		n, from, err := r.front.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		r.mu.Lock()
		r.client = from
		r.mu.Unlock()
		r.later(b[:n], func(p []byte) { _, _ = r.back.Write(p) })
	}
}

func (r *relay) toClient() {
	b := make([]byte, 2048)
	for {
		n, err := r.back.Read(b)
		if err != nil {
			return
		}
		r.mu.Lock()
		to := r.client
		r.mu.Unlock()
		r.later(b[:n], func(p []byte) { _, _ = r.front.WriteToUDPAddrPort(p, to) })
	}
}

func (r *relay) later(packet []byte, send func([]byte)) {
	r.mu.Lock()
	lost := r.rng.Float64() < r.loss
	r.mu.Unlock()
	if lost {
		return
	}
	p := append([]byte(nil), packet...)
	time.AfterFunc(r.delay, func() { send(p) })
}

// edit puts the relay's port into an answer, in place of the server's.
func (r *relay) edit(answer string) string {
	port := func(a net.Addr) string { return " " + strconv.Itoa(a.(*net.UDPAddr).Port) + " typ " }
	return strings.ReplaceAll(answer, port(r.back.RemoteAddr()), port(r.front.LocalAddr()))
}
