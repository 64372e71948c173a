package httplimit

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// networks groups IPv4 addresses, and IPv6 ones by 64 bits; 10.0.0.0/8 are proxies.
func networks(a netip.Addr) netip.Prefix {
	bits := 64
	if a.Is4() {
		bits = 32
	}
	if a.Is4() && a.As4()[0] == 10 {
		return netip.Prefix{}
	}
	return netip.PrefixFrom(a, bits).Masked()
}

// slow answers /slow when the connection has ended, and takes that of /ws over.
var slow = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ws" {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
	}
	if r.URL.Path == "/slow" {
		Stream(w, time.Hour)
		<-r.Context().Done()
	}
})

// TestFresh: when all places are taken by connections that ask nothing, whoever asks is answered.
func TestFresh(t *testing.T) {
	inBubble(t, Config{Connections: 8, Group: networks}, slow, func(w *world) {
		for i := range 100 {
			half := w.dial(fmt.Sprintf("192.0.2.%d:1", i)).send("GET / HTTP/1.1\r\nHos")
			defer half.Close()
			if i%10 > 0 {
				continue
			}
			c := w.dial("198.51.100.1:1").send(get("/"))
			if status, _ := c.answer(); status != 200 {
				t.Errorf("answered %d with %d halves", status, i)
			}
			_ = c.Close()
		}
	})
}

// TestWhoMakesRoom: first who has asked nothing, then who is idle, then whose request has stalled.
func TestWhoMakesRoom(t *testing.T) {
	inBubble(t, Config{Connections: 4, Group: networks}, slow, func(w *world) {
		again := w.dial("192.0.2.1:1").send(get("/"))
		again.answer()
		again.send(get("/slow"))
		first := w.dial("192.0.2.1:1").send(get("/slow"))
		idle := w.dial("192.0.2.2:1").send(get("/"))
		idle.answer()
		synctest.Wait()
		fresh := w.dial("192.0.2.3:1").send("GET /")
		went := []*client{fresh, idle, first} // in this order
		there := []*client{again}
		more := func() *client {
			time.Sleep(time.Millisecond)
			c := w.dial("192.0.2.4:1").send(get("/"))
			c.answer()
			there = append(there, c.send(get("/slow")))
			return c
		}
		for i := range went {
			more()
			for j, c := range went {
				if c.isOpen() != (j > i) {
					t.Errorf("after %d more, connection %d is open: %v", i+1, j, j <= i)
				}
			}
		}
		if more().isOpen() {
			t.Error("a request that goes on made room")
		}
		time.Sleep(stall)
		if !more().isOpen() || again.isOpen() {
			t.Error("a request that stalled made no room")
		}
		for _, c := range there {
			_ = c.Close()
		}
	})
}

// TestPerAddress: an IPv6 network counts as one, a proxy doesn't count, and others aren't concerned.
func TestPerAddress(t *testing.T) {
	inBubble(t, Config{Connections: 100, PerAddress: 2, Group: networks}, slow, func(w *world) {
		for _, c := range []struct {
			from string
			open int
		}{{"[2001:db8::%d]:1", 2}, {"[2001:db8:0:1::%d]:1", 2}, {"10.0.0.%d:1", 5}, {"192.0.2.%d:1", 5}} {
			var there []*client
			for i := range 5 {
				there = append(there, w.dial(fmt.Sprintf(c.from, i+1)).send(get("/ws")))
				defer there[i].Close()
			}
			open := 0
			for _, c := range there {
				if c.isOpen() {
					open++
				}
			}
			if open != c.open {
				t.Errorf("%s has %d connections", c.from, open)
			}
		}
	})
}

// TestPlacesComeBack: a connection that ended is counted no more.
func TestPlacesComeBack(t *testing.T) {
	inBubble(t, Config{Connections: 1, PerAddress: 1, Group: networks}, slow, func(w *world) {
		for range 5 {
			c := w.dial("192.0.2.1:1").send(get("/"))
			if status, _ := c.answer(); status != 200 {
				t.Errorf("answered %d", status)
			}
			_ = c.Close()
			synctest.Wait()
		}
	})
}
