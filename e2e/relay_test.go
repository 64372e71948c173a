package e2e

import (
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"testing"
)

// relay is a network in front of a server: TCP for its pages and WebSockets,
// UDP for WebRTC. It loses packets, and can be taken away: then nothing passes
// and nobody is told. Connections of before stay dead when it is back, as they
// do for a device that comes back with another address.
type relay struct {
	tcp net.Listener
	udp net.PacketConn
	url string // what to open instead of the server's
	to  string // the server's TCP address
	rtc string // the server's UDP address

	mu    sync.Mutex
	gone  bool
	loss  float64 // share of the UDP packets, each way
	conns map[net.Conn]bool
	ways  map[string]net.Conn // to the server's UDP port, by the client's address
	done  sync.WaitGroup
}

// newRelay stands in front of a server that is at serverURL and udp.
func newRelay(t testing.TB, serverURL string, udp net.Addr) *relay {
	t.Helper()
	server, err := url.Parse(serverURL)
	check(t, err)
	r := &relay{to: server.Host, rtc: udp.String(), conns: map[net.Conn]bool{}, ways: map[string]net.Conn{}}
	r.tcp, err = net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	r.udp, err = net.ListenPacket("udp", "127.0.0.1:0")
	check(t, err)
	r.url = "http://" + r.tcp.Addr().String()
	r.done.Go(r.accept)
	r.done.Go(r.fromClients)
	t.Cleanup(r.close)
	return r
}

func (r *relay) port() int { return r.udp.LocalAddr().(*net.UDPAddr).Port }

// take takes the network away, and kills what went through it.
func (r *relay) take() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone = true
	clear(r.ways)
}

// giveBack brings it back, for new connections.
func (r *relay) giveBack() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone = false
}

func (r *relay) setLoss(share float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.loss = share
}

// lost decides on one packet.
func (r *relay) lost() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.gone || rand.Float64() < r.loss
}

func (r *relay) accept() {
	for {
		client, err := r.tcp.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", r.to)
		if err != nil {
			_ = client.Close()
			continue
		}
		dead := !r.keep(client, server)
		r.done.Go(func() { r.pass(client, server, dead) })
		r.done.Go(func() { r.pass(server, client, dead) })
	}
}

// keep notes connections; false while the network is gone: they never pass anything.
func (r *relay) keep(conns ...net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range conns {
		r.conns[c] = true
	}
	return !r.gone
}

// pass copies until the network is gone, and swallows from then on.
func (r *relay) pass(to, from net.Conn, dead bool) {
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if r.isGone() {
			dead = true
		}
		if !dead && n > 0 {
			_, _ = to.Write(buffer[:n])
		}
		if err != nil {
			return
		}
	}
}

func (r *relay) isGone() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.gone
}

func (r *relay) fromClients() {
	buffer := make([]byte, 2048)
	for {
		n, from, err := r.udp.ReadFrom(buffer)
		if err != nil {
			return
		}
		if r.lost() {
			continue
		}
		if server := r.wayOf(from); server != nil {
			_, _ = server.Write(buffer[:n])
		}
	}
}

// wayOf is the connection to the server for one client.
func (r *relay) wayOf(client net.Addr) net.Conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	if way := r.ways[client.String()]; way != nil {
		return way
	}
	way, err := net.Dial("udp", r.rtc)
	if err != nil {
		return nil
	}
	r.ways[client.String()], r.conns[way] = way, true
	r.done.Go(func() { r.toClient(way, client) })
	return way
}

func (r *relay) toClient(way net.Conn, client net.Addr) {
	buffer := make([]byte, 2048)
	for {
		n, err := way.Read(buffer)
		if err != nil {
			return
		}
		if !r.lost() {
			_, _ = r.udp.WriteTo(buffer[:n], client)
		}
	}
}

func (r *relay) close() {
	_, _ = r.tcp.Close(), r.udp.Close()
	r.mu.Lock()
	for c := range r.conns {
		_ = c.Close()
	}
	r.mu.Unlock()
	r.done.Wait()
}
