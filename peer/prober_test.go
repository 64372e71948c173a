package peer

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock/frame"
)

// prober owns the server's end of a link and measures round trips over its
// clock channel by itself.
type prober struct {
	link *link
	open chan struct{}

	mu   sync.Mutex
	sent map[uint64]time.Time
	rtts []time.Duration
	back chan struct{} // one token per pong
}

// newProber connects r's client to a prober instead of a Device.
func newProber(t testing.TB, r *rig, edit func(answer string) string) *prober {
	t.Helper()
	p := &prober{open: make(chan struct{}), sent: map[uint64]time.Time{}, back: make(chan struct{}, 1)}
	offer, err := r.client.Offer()
	must(t, err)
	l, answer, err := r.server.accept(context.Background(), p, offer)
	must(t, err)
	p.link = l
	if edit != nil {
		answer = edit(answer)
	}
	must(t, r.client.Answer(answer))
	select {
	case <-p.open:
	case <-time.After(30 * time.Second):
		t.Fatal("no clock channel within 30 s")
	}
	return p
}

func (p *prober) clockOpen(*link)            { close(p.open) }
func (p *prober) control([]byte)             {}
func (p *prober) linkState(*link, linkState) {}

func (p *prober) clockFrame(_ *link, b []byte) {
	now := time.Now()
	pong, err := frame.ParsePong(b)
	if err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if at, ok := p.sent[pong.Nonce]; ok {
		delete(p.sent, pong.Nonce)
		p.rtts = append(p.rtts, now.Sub(at))
	}
	select {
	case p.back <- struct{}{}:
	default:
	}
}

func (p *prober) ping(t testing.TB) {
	t.Helper()
	n := nonce()
	ping := frame.Ping{Nonce: n}.Append(nil)
	p.mu.Lock()
	p.sent[n] = time.Now()
	p.mu.Unlock()
	must(t, p.link.writeClock(ping))
}

// pingEvery sends n pings in even intervals and waits a second for the last.
func (p *prober) pingEvery(t testing.TB, n int, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for range n {
		<-tick.C
		p.ping(t)
	}
	<-time.After(time.Second)
}

// sorted returns the round trips so far, shortest first.
func (p *prober) sorted() []time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := slices.Clone(p.rtts)
	slices.Sort(s)
	return s
}

// quantile returns the q-quantile of what is sorted.
func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}
