package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/session"
)

// guest is a device of this process that knows several instances, and when it joined one.
type guest struct {
	*device.Device
	mu     sync.Mutex
	joined []time.Time
}

// since returns how long after an instant the guest joined an instance, if it has.
func (g *guest) since(at time.Time) (after time.Duration, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, j := range g.joined {
		if j.After(at) {
			return j.Sub(at), true
		}
	}
	return 0, false
}

// acked is of which session a command is, and when it was acknowledged.
type acked struct {
	session string
	at      time.Time
}

// load is devices that know all instances, and clients that have them act, until the test ends.
type load struct {
	t        testing.TB
	sessions []string
	guests   []*guest

	mu       sync.Mutex
	commands map[string]acked // that were acknowledged
	last     time.Time        // that one was
	worst    time.Duration    // between two
	all      int
}

// newLoad has devices join the sessions, and a client of each instance issue commands.
func newLoad(t testing.TB, sessions, devices int, instances ...*instance) *load {
	t.Helper()
	l := &load{t: t, commands: map[string]acked{}, last: time.Now()}
	var urls []string
	for _, i := range instances {
		urls = append(urls, i.url)
	}
	for i := range sessions {
		l.sessions = append(l.sessions, fmt.Sprintf("load%d", i))
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { stop(); running.Wait() })
	for i := range devices {
		g := &guest{}
		g.Device = device.New(device.Config{
			URLs: urls, SessionID: l.sessions[i%sessions], Create: true, TCPOnly: true, Spin: -1,
			OnJoined: func(session.SessionJoined) { g.mu.Lock(); g.joined = append(g.joined, time.Now()); g.mu.Unlock() },
		})
		l.guests = append(l.guests, g)
		running.Go(func() {
			if err := g.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	l.back(time.Time{})
	for _, i := range instances {
		running.Go(func() { l.direct(ctx, i) })
	}
	return l
}

// loadTime is how long the devices and the store may take after a kill: a cluster of NATS servers that were all
// killed takes half a minute.
const loadTime = 2 * time.Minute

// back waits until each device has joined after an instant, and returns how long after that was.
func (l *load) back(at time.Time) (after []time.Duration) {
	l.t.Helper()
	for deadline := time.Now().Add(loadTime); ; {
		after = nil
		for _, g := range l.guests {
			if d, ok := g.since(at); ok {
				after = append(after, d)
			}
		}
		if len(after) == len(l.guests) {
			slices.Sort(after)
			return after
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("%v after a kill %d of %d devices are back", loadTime, len(after), len(l.guests))
		}
		pause(l.t.Context(), 10*time.Millisecond)
	}
}

// direct issues commands at one instance, whether it is there or not.
func (l *load) direct(ctx context.Context, i *instance) {
	for n := 0; ctx.Err() == nil; n++ {
		id := l.sessions[n%len(l.sessions)]
		status, b, err := i.do("POST", "/api/sessions/"+id+"/commands", `{"name":"flash"}`)
		var cmd session.Scheduled
		if err == nil && status == http.StatusAccepted && json.Unmarshal(b, &cmd) == nil {
			l.acknowledged(id, cmd.CommandID)
		}
		pause(ctx, 100*time.Millisecond) // so that the history has all since the last look
	}
}

func (l *load) acknowledged(sessionID, commandID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.commands[commandID] = acked{sessionID, time.Now()}
	l.worst = max(l.worst, time.Since(l.last))
	l.last = time.Now()
	l.all++
}

// taken waits until a command has been acknowledged after an instant.
func (l *load) taken(at time.Time) {
	l.t.Helper()
	for deadline := time.Now().Add(loadTime); ; {
		l.mu.Lock()
		last := l.last
		l.mu.Unlock()
		if last.After(at) {
			return
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("%v after a kill no command is taken", loadTime)
		}
		pause(l.t.Context(), 10*time.Millisecond)
	}
}

// check looks at an instance for all that was acknowledged since it was called last. What another one has just
// acknowledged it may hear of a little later.
func (l *load) check(i *instance) {
	l.t.Helper()
	l.mu.Lock()
	commands := l.commands
	l.commands = map[string]acked{}
	l.mu.Unlock()
	for command, is := range commands {
		for {
			status, b, err := i.do("GET", "/api/sessions/"+is.session+"/commands/"+command, "")
			if err == nil && status == http.StatusOK {
				break
			}
			if ago := time.Since(is.at); ago > 20*time.Second {
				l.t.Fatalf("command %s of %s was acknowledged %v ago: %d %s %v", command, is.session, ago, status, b, err)
			}
			pause(l.t.Context(), 50*time.Millisecond)
		}
	}
}

// counted returns how many commands were acknowledged, and the longest time between two.
func (l *load) counted() (all int, worst time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all, l.worst.Round(time.Millisecond)
}

// percentile returns a quantile of sorted durations.
func percentile(sorted []time.Duration, of float64) time.Duration {
	return sorted[min(int(of*float64(len(sorted))), len(sorted)-1)].Round(time.Millisecond)
}

// TestInstanceKilledUnderLoad: when an instance is killed its devices are at the other one by themselves, and nothing
// that either has acknowledged is lost.
func TestInstanceKilledUnderLoad(t *testing.T) {
	nats := newNATS(t).url()
	one, two := newInstance(t, "--nats", nats), newInstance(t, "--nats", nats)
	l := newLoad(t, 3, 30, one, two)
	var back []time.Duration
	for range 3 {
		pause(t.Context(), time.Second)
		killed := time.Now()
		one.kill()
		back = append(back, l.back(killed)...)
		l.taken(time.Now())
		l.check(two)
		one.start()
		one, two = two, one
	}
	slices.Sort(back)
	all, _ := l.counted()
	t.Logf("3 kills, %d commands acknowledged, 0 lost; %d times a device was back: median %v, p95 %v, at most %v",
		all, len(back), percentile(back, 0.5), percentile(back, 0.95), percentile(back, 1))
}
