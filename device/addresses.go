package device

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/signaling"
)

// addresses are where the instances of a service are. One is in use, or tried next.
type addresses struct {
	mu     sync.Mutex
	all    []string
	at     int
	failed int           // connections in a row that didn't last, or weren't made
	sent   string        // where the server has sent the device: tried once
	after  time.Duration // which is to pass before the device comes back to this server
	going  bool          // the server said that it goes away
}

// newAddresses refuses what is no server's address, and leaves out what is there twice.
func newAddresses(first string, more []string, log *slog.Logger) (*addresses, error) {
	a, seen := &addresses{}, map[string]bool{}
	if first != "" || len(more) == 0 {
		more = append([]string{first}, more...)
	}
	for _, u := range more {
		is, err := signaling.WebSocketURL(u)
		if err != nil {
			return nil, fmt.Errorf("device: %w", err)
		}
		if seen[is] {
			log.Warn("address_ignored", "url", u, "reason", "it is in the list twice")
			continue
		}
		seen[is] = true
		a.all = append(a.all, u)
	}
	return a, nil
}

// use returns where to connect.
func (a *addresses) use() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sent != "" {
		return a.sent
	}
	return a.all[a.at]
}

// inTurn returns all of them, the one in use first.
func (a *addresses) inTurn() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append(slices.Clone(a.all[a.at:]), a.all[:a.at]...)
}

// lasted notes that a connection was good for a while.
func (a *addresses) lasted() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failed = 0
}

// untried reports whether there is one that hasn't been tried yet, after a first connection that failed.
func (a *addresses) untried() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failed+1 < len(a.all)
}

// joined notes that the device has joined: where it was sent is one of the addresses from now on.
func (a *addresses) joined() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sent == "" {
		return
	}
	i := slices.Index(a.all, a.sent)
	if i < 0 {
		i = len(a.all)
		a.all = append(a.all, a.sent)
	}
	a.at, a.sent = i, ""
}

// maxAfter is how long a device waits at most because the server wants it to.
const maxAfter = time.Minute

// goodbye notes that the server goes away, and where it sends the device, if anywhere: not from an encrypted
// address to one that isn't.
func (a *addresses) goodbye(to string, after time.Duration) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.going, a.after = true, min(max(after, 0), maxAfter)
	if to == "" {
		return nil
	}
	is, err := signaling.WebSocketURL(to)
	if err != nil {
		return err
	}
	if now, _ := signaling.WebSocketURL(a.all[a.at]); strings.HasPrefix(now, "wss:") && !strings.HasPrefix(is, "wss:") {
		return fmt.Errorf("%s isn't encrypted, as the server is that sends this device there", to)
	}
	a.sent = to
	return nil
}

// next goes on to the next address, after a connection that has failed or ended, and returns how long to wait
// before. The pause grows once each of them has been tried.
func (a *addresses) next() (wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	wait = min(firstWait<<min(a.failed/len(a.all), 16), maxWait)
	wait = wait/2 + rand.N(wait/2)
	switch {
	case !a.going && a.sent != "": // it doesn't answer, and the one behind the server is next
		a.sent = ""
	case len(a.all) > 1:
		a.at = (a.at + 1) % len(a.all)
	case a.sent == "":
		wait = max(wait, a.after)
	}
	a.failed++
	a.going, a.after = false, 0
	return wait
}
