package reference

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// value is a key of a memory.
type value struct {
	b        []byte
	revision uint64
}

// memory is a Store that can be away from some of its users.
type memory struct {
	mu       sync.Mutex
	revision uint64
	keys     map[string]value
	changed  chan struct{} // closed by each change
}

func newMemory() *memory { return &memory{keys: map[string]value{}, changed: make(chan struct{})} }

func (m *memory) put(key string, b []byte, revision uint64) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.keys[key].revision != revision {
		return 0, ErrConflict
	}
	m.revision++
	m.keys[key] = value{b, m.revision}
	close(m.changed)
	m.changed = make(chan struct{})
	return m.revision, nil
}

// view is the store as one instance has it.
type view struct {
	*memory
	in *instance
}

func (v view) away() error {
	if v.in.cutOff() {
		return context.DeadlineExceeded
	}
	return nil
}

func (v view) Get(_ context.Context, key string) ([]byte, uint64, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.keys[key].b, v.keys[key].revision, v.away()
}

func (v view) Put(_ context.Context, key string, b []byte, revision uint64) (uint64, error) {
	time.Sleep(2 * time.Millisecond)
	if err := v.away(); err != nil {
		return 0, err
	}
	return v.put(key, b, revision)
}

func (v view) Watch(ctx context.Context, key string, changed func([]byte, uint64)) error {
	for {
		v.mu.Lock()
		is, next := v.keys[key], v.memory.changed
		v.mu.Unlock()
		if v.away() == nil {
			changed(is.b, is.revision)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-next:
		case <-time.After(time.Second):
		}
	}
}

// instance is one of several on a simulated machine of its own.
type instance struct {
	*Keeper
	w      *world
	name   string
	addr   netip.AddrPort
	at     func(time.Time) time.Time // what its clock reads
	now    func() time.Time
	source *clock.Source
	stop   func()

	mu      sync.Mutex
	cut     bool // from the store
	deaf    bool // over UDP
	devices bool // session time isn't stepped any more
	stepped time.Duration
}

func (in *instance) cutOff() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.cut
}

func (in *instance) set(change func(*instance)) {
	in.mu.Lock()
	defer in.mu.Unlock()
	change(in)
}

// world is instances on one store, with delays between them.
type world struct {
	t      *testing.T
	store  *memory
	random *rand.Rand
	way    time.Duration // floor; and as much again of queueing at most, usually far less

	place string      // of the next instances
	alone func() bool // as they see it

	mu   sync.Mutex
	all  []*instance
	byAt map[netip.AddrPort]*instance
}

func newWorld(t *testing.T) *world {
	return &world{t: t, store: newMemory(), random: rand.New(rand.NewPCG(1, 2)), way: 80 * time.Microsecond, byAt: map[netip.AddrPort]*instance{}}
}

func (w *world) delay() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.way + time.Duration(w.random.ExpFloat64()*float64(w.way)/8)
}

// drift is what a clock reads at an instant that is ahead of the real one and gains.
func drift(ahead time.Duration, ppm float64) func(time.Time) time.Time {
	start := time.Now()
	return func(t time.Time) time.Time {
		return t.Add(ahead + time.Duration(math.Round(float64(t.Sub(start))*ppm*1e-6)))
	}
}

// add starts an instance whose clock is off.
func (w *world) add(ahead time.Duration, ppm float64) *instance {
	w.mu.Lock()
	n := len(w.all) + 1
	in := &instance{w: w, name: fmt.Sprintf("instance-%d", n), addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}), 8080)}
	w.all = append(w.all, in)
	w.byAt[in.addr] = in
	w.mu.Unlock()
	in.at = drift(ahead, ppm)
	in.now = func() time.Time { return in.at(time.Now()) }
	in.source = clock.NewSource(in.now)
	k, err := New(Config{
		Instance: in.name, Addresses: []netip.AddrPort{in.addr}, Source: in.source, Now: in.now, Store: view{w.store, in},
		Send: func(b []byte, to netip.AddrPort) error { w.carry(in, to, append([]byte(nil), b...)); return nil },
		Ask:  func(ctx context.Context, other string, b []byte) ([]byte, error) { return w.ask(ctx, in, other, b) },
		Step: in.step, Place: w.place, Alone: w.alone,
		UTC: func() (uint8, time.Duration) { return 1, -1 },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	in.Keeper = k
	ctx, cancel := context.WithCancel(w.t.Context())
	var running sync.WaitGroup
	running.Go(func() { k.Run(ctx) })
	in.stop = func() { cancel(); running.Wait() }
	return in
}

func (in *instance) step(f func()) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.devices {
		return false
	}
	before := in.source.Now()
	f()
	in.stepped += in.source.Now().Sub(before)
	return true
}

// kill ends an instance as a crash would: the lease isn't let go.
func (in *instance) kill() {
	in.set(func(in *instance) { in.cut, in.deaf = true, true })
	in.stop()
}

// reach returns who is at an address, if packets come through.
func (w *world) reach(from *instance, to func(*instance) bool) *instance {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, in := range w.all {
		if to(in) && !in.isDeaf() && !from.isDeaf() {
			return in
		}
	}
	return nil
}

func (in *instance) isDeaf() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.deaf
}

func (w *world) carry(from *instance, to netip.AddrPort, b []byte) {
	time.AfterFunc(w.delay(), func() {
		if in := w.reach(from, func(in *instance) bool { return in.addr == to }); in != nil {
			in.Packet(b, func(answer []byte) { w.carry(in, from.addr, append([]byte(nil), answer...)) })
		}
	})
}

// ask carries over the store's network: slower, and through what UDP doesn't get through.
func (w *world) ask(ctx context.Context, from *instance, other string, b []byte) ([]byte, error) {
	time.Sleep(5 * w.delay())
	for _, in := range w.all {
		if in.name == other && !in.cutOff() && !from.cutOff() {
			answer := in.Answer(b)
			time.Sleep(5 * w.delay())
			if answer != nil {
				return answer, ctx.Err()
			}
		}
	}
	return nil, context.DeadlineExceeded
}

// apart returns how far the session time of b is ahead of a's, now.
func apartOf(a, b *instance) time.Duration { return b.source.Now().Sub(a.source.Now()) }

// known waits until an instance knows session time.
func (w *world) known(in *instance, within time.Duration) {
	w.t.Helper()
	select {
	case <-in.Known():
	case <-time.After(within):
		w.t.Fatalf("%s doesn't know session time after %v: %+v", in.name, within, in.Status())
	}
}

func (w *world) stop() {
	for _, in := range w.all {
		in.stop()
	}
}
