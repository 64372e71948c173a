package e2e

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/store"
	storenats "github.com/downbeat-sync/downbeat/store/nats"
)

// Figures of several server processes on one NATS server.

// fromEnvironment returns a number that the environment may set.
func fromEnvironment(b *testing.B, name string, otherwise int) int {
	b.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv(name), strconv.Itoa(otherwise)))
	check(b, err)
	return n
}

// BenchmarkElsewhere: what an instance costs that has no device, and then 100 sessions of its
// own, beside the sessions of another one, 10 devices each. DOWNBEAT_BENCH_SESSIONS says how many those are.
func BenchmarkElsewhere(b *testing.B) {
	sessions := fromEnvironment(b, "DOWNBEAT_BENCH_SESSIONS", 10_000)
	for b.Loop() {
		nats := newNATS(b)
		stop := liveElsewhere(b, nats.url(), sessions, 10)
		server := newInstance(b, "--nats", nats.url(), "--max-sessions", "0")
		b.ReportMetric(server.atRest(b, 25*time.Second), "%-at-rest")
		b.ReportMetric(server.rss(), "MB")
		var took []float64
		for range 20 {
			began := time.Now()
			server.get("/api/sessions?limit=100", &struct{}{})
			took = append(took, ms(time.Since(began)))
		}
		b.ReportMetric(took[0], "ms-list-100-first")
		b.ReportMetric(lab.Quantile(took, .5), "ms-list-100")
		members := joinActors(b, []*instance{server}, 100, 100)
		b.ReportMetric(server.atRest(b, 5*time.Second), "%-with-100")
		b.ReportMetric(server.rss(), "MB-with-100")
		server.kill()
		nats.kill()
		stop()
		closeActors(members)
	}
}

// liveElsewhere fills the store with sessions of an instance that is nothing but its beat, until stop is called.
func liveElsewhere(b *testing.B, url string, sessions, devices int) (stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	opened, err := storenats.Open(ctx, storenats.Config{URL: url}) // makes the bucket
	check(b, err)
	check(b, opened.Close())
	conn, err := nats.Connect(url)
	check(b, err)
	js, err := jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(4096))
	check(b, err)
	model := modelSession(b, devices)
	for i := range sessions {
		for _, e := range model {
			key := strings.Replace(e.Key, "model", fmt.Sprintf("elsewhere-%06d", i), 1)
			_, err := js.PublishAsync("$KV.downbeat."+key, e.Value, jetstream.WithStallWait(time.Minute))
			check(b, err)
		}
	}
	<-js.PublishAsyncComplete()
	var group errgroup.Group
	group.Go(func() error {
		for pause(ctx, time.Second) {
			_ = conn.Publish("downbeat.instances", []byte("elsewhere"))
		}
		return nil
	})
	return func() { cancel(); _ = group.Wait(); conn.Close() }
}

// modelSession returns the entries of a session with devices of an instance called elsewhere.
func modelSession(b *testing.B, devices int) []store.Entry {
	b.Helper()
	kept := store.NewMemory()
	svc, err := session.New(session.Config{Store: kept, Instance: "elsewhere"})
	check(b, err)
	ctx, cancel := context.WithCancel(b.Context())
	var group errgroup.Group
	group.Go(func() error { return svc.Run(ctx) })
	for range devices {
		_, _, err := svc.Join(ctx, session.JoinRequest{SessionID: "model", DeviceType: "mobile"}, func(session.Event) {})
		check(b, err)
	}
	entries, err := kept.List(ctx, ">")
	check(b, err)
	cancel()
	check(b, group.Wait())
	return entries
}

// atRest returns how much of a core the process takes, in percent, over a while.
func (i *instance) atRest(b *testing.B, d time.Duration) float64 {
	before := i.cpu()
	pause(b.Context(), d)
	return 100 * (i.cpu() - before) / d.Seconds()
}

// actor is a member over a WebSocket that says of every command that it is armed and has fired.
type actor struct {
	ws    *websocket.Conn
	fired *atomic.Int64
	ended chan error
}

// joinActors joins members, one after another to each instance and each of some sessions.
func joinActors(b *testing.B, servers []*instance, members, sessions int) []*actor {
	b.Helper()
	all := make([]*actor, members)
	fired := &atomic.Int64{}
	var group errgroup.Group
	group.SetLimit(16)
	for i := range all {
		group.Go(func() (err error) {
			all[i], err = joinActor(servers[i%sessions%len(servers)].url, fmt.Sprintf("own-%d", i%sessions), fired)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		for _, server := range servers {
			server.kill()
			b.Log(server.said.String())
		}
		b.Fatal(err)
	}
	return all
}

func joinActor(url, sessionID string, fired *atomic.Int64) (*actor, error) {
	dialer := websocket.Dialer{NetDialContext: dialFromAnywhere}
	ws, _, err := dialer.Dial("ws"+strings.TrimPrefix(url, "http")+"/ws", nil)
	if err != nil {
		return nil, err
	}
	join := fmt.Appendf(nil, `{"event":"join_session","data":{"sessionId":%q,"deviceType":"mobile"}}`, sessionID)
	if err := ws.WriteMessage(websocket.TextMessage, join); err != nil {
		return nil, err
	}
	for {
		_, m, err := ws.ReadMessage()
		if err != nil {
			return nil, err
		}
		if bytes.HasPrefix(m, []byte(`{"event":"session_joined"`)) {
			break
		}
	}
	a := &actor{ws, fired, make(chan error, 1)}
	go func() { a.ended <- a.act() }()
	return a, nil
}

// act answers commands until the connection ends.
func (a *actor) act() error {
	for {
		kind, m, err := a.ws.ReadMessage()
		if err != nil {
			return err
		}
		if kind != websocket.TextMessage || !bytes.HasPrefix(m, []byte(`{"event":"command",`)) {
			continue
		}
		var told struct{ Data session.Command }
		if err := json.Unmarshal(m, &told); err != nil {
			return err
		}
		for _, say := range []string{
			fmt.Sprintf(`{"event":"armed","data":{"commandId":%q}}`, told.Data.CommandID),
			fmt.Sprintf(`{"event":"fired","data":{"commandId":%q,"at":%v}}`, told.Data.CommandID, jsonOf(told.Data.Timestamp)),
		} {
			if err := a.ws.WriteMessage(websocket.TextMessage, []byte(say)); err != nil {
				return err
			}
		}
		a.fired.Add(1)
	}
}

func jsonOf(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func closeActors(members []*actor) {
	for _, m := range members {
		_ = m.ws.Close()
		<-m.ended
	}
}

// BenchmarkInstances: the processor that 500 members in 200 sessions and 20 commands a second cost, on one
// instance and on three that share the sessions, in sum; and what the NATS server needs beside them.
func BenchmarkInstances(b *testing.B) {
	const members, sessions = 500, 200
	for b.Loop() {
		for _, n := range []int{1, 2, 3} {
			nats := newNATS(b)
			var servers []*instance
			for range n {
				servers = append(servers, newInstance(b, "--nats", nats.url()))
			}
			all := joinActors(b, servers, members, sessions)
			instances, natsOwn, writes := costOf(b, servers, nats, sessions)
			b.ReportMetric(instances, fmt.Sprintf("%%-on-%d", n))
			b.ReportMetric(natsOwn, fmt.Sprintf("%%-nats-%d", n))
			b.ReportMetric(writes, fmt.Sprintf("writes/command-%d", n))
			for _, s := range servers {
				s.kill()
			}
			nats.kill()
			closeActors(all)
		}
	}
}

// costOf schedules 20 commands a second for ten seconds, and returns what of a core the instances and the NATS
// server took, in percent, and how often the store was written to for each command.
func costOf(b *testing.B, servers []*instance, nats *natsServer, sessions int) (instances, natsOwn, writes float64) {
	b.Helper()
	const commands, every = 200, 50 * time.Millisecond
	sum := func() (s float64) {
		for _, i := range servers {
			s += i.cpu()
		}
		return s
	}
	pause(b.Context(), time.Second)
	written, began, before, natsBefore := nats.written(b), time.Now(), sum(), cpuOf(b, nats.cmd.Process.Pid)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for i := range commands {
		<-ticker.C
		of := i * 7 % sessions
		status, body, err := servers[of%len(servers)].do("POST", fmt.Sprintf("/api/sessions/own-%d/commands", of), `{"name":"flash"}`)
		check(b, err)
		if status != http.StatusAccepted {
			b.Fatalf("%d %s", status, body)
		}
	}
	pause(b.Context(), 3*time.Second) // reports come at the latest 2 s after their instants
	took := time.Since(began).Seconds()
	return 100 * (sum() - before) / took, 100 * (cpuOf(b, nats.cmd.Process.Pid) - natsBefore) / took, float64(nats.written(b)-written) / commands
}

// written returns how many messages the store's stream has taken.
func (n *natsServer) written(b *testing.B) uint64 {
	b.Helper()
	conn, err := nats.Connect(n.url())
	check(b, err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	check(b, err)
	s, err := js.Stream(b.Context(), "KV_downbeat")
	check(b, err)
	return s.CachedInfo().State.LastSeq
}
