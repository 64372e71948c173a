package e2e

import (
	"math/rand/v2"
	"net/http"
	"os"
	"testing"
	"time"
)

// TestSoak kills NATS servers of a cluster, all of them, or an instance, at random, while devices act and clients
// issue commands. Each time all goes on by itself, and nothing that was acknowledged is lost. DOWNBEAT_TEST_SOAK says for
// how long: `make soak`.
func TestSoak(t *testing.T) {
	long, err := time.ParseDuration(os.Getenv("DOWNBEAT_TEST_SOAK"))
	if err != nil {
		t.Skip("DOWNBEAT_TEST_SOAK says for how long: make soak")
	}
	servers, urls := newCluster(t)
	var instances []*instance
	for range 2 {
		instances = append(instances, (&instance{t: t, errs: &written{}}).begin("--nats", urls))
	}
	l := newLoad(t, 3, 12, instances...)
	kills := map[string]int{}
	for deadline := time.Now().Add(long); time.Now().Before(deadline); {
		pause(t.Context(), rand.N(3*time.Second))
		away := rand.N(4 * time.Second)
		switch n := rand.IntN(10); {
		case n == 0:
			kills["all NATS servers"]++
			killAll(t, servers, away)
		case n < 5:
			kills["a NATS server"]++
			killAll(t, servers[n%3:n%3+1], away)
		default:
			kills["an instance"]++
			i := instances[n%2]
			i.kill()
			pause(t.Context(), away)
			i.start()
		}
		l.taken(time.Now())
		for _, i := range instances {
			i.readyAgain(kills)
		}
		l.check(instances[rand.IntN(2)])
		all, worst := l.counted()
		t.Logf("%v: %d commands acknowledged, at most %v between two", kills, all, worst)
	}
}

// readyAgain waits until the instance is ready.
func (i *instance) readyAgain(kills map[string]int) {
	i.t.Helper()
	for deadline := time.Now().Add(loadTime); ; pause(i.t.Context(), 50*time.Millisecond) {
		status, b, err := i.do("GET", "/readyz", "")
		if err == nil && status == http.StatusOK {
			return
		}
		if time.Now().After(deadline) {
			i.t.Fatalf("after %v an instance isn't ready: %d %s %v; it said\n%s", kills, status, b, err, i.errs)
		}
	}
}

// killAll kills some NATS servers, and starts them again after a while.
func killAll(t *testing.T, servers []*natsServer, away time.Duration) {
	for _, n := range servers {
		n.kill()
	}
	pause(t.Context(), away)
	for _, n := range servers {
		n.start()
	}
}
