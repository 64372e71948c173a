package testsocket

import (
	"context"
	"errors"
	"sync"

	"github.com/downbeat-sync/downbeat/clock"
)

// Peer accepts every offer but "nonsense", and frames of 60 bytes.
type Peer struct {
	mu       sync.Mutex
	frames   []clock.SessionTime
	control  []string
	resyncs  int
	ended    bool
	OnAccept func()
}

// Run waits for ctx to end.
func (p *Peer) Run(ctx context.Context) {
	<-ctx.Done()
	p.Close()
}

// Close ends it.
func (p *Peer) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
}

// Accept answers an offer.
func (p *Peer) Accept(_ context.Context, offer string) (string, error) {
	if p.OnAccept != nil {
		p.OnAccept()
	}
	if offer == "nonsense" {
		return "", errors.New("not SDP")
	}
	return "answer to " + offer, nil
}

// AddCandidate takes a candidate that isn't "nonsense".
func (p *Peer) AddCandidate(candidate string) error {
	if candidate == "nonsense" {
		return errors.New("not a candidate")
	}
	return nil
}

// HandleFrame notes when a frame came.
func (p *Peer) HandleFrame(b []byte, t4 clock.SessionTime) error {
	if len(b) != 60 {
		return errors.New("not a frame")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frames = append(p.frames, t4)
	return nil
}

// SendControl notes a message.
func (p *Peer) SendControl(b []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.control = append(p.control, string(b))
	return nil
}

// Resync counts.
func (p *Peer) Resync() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.resyncs++
}

// HasEnded reports whether Run has returned.
func (p *Peer) HasEnded() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

// Heard returns when frames came, the messages of the control channel, and how often Resync was called.
func (p *Peer) Heard() (frames []clock.SessionTime, control []string, resyncs int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.frames, p.control, p.resyncs
}
