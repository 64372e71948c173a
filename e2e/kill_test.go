package e2e

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// acknowledged is what a server has said yes to.
type acknowledged struct {
	mu       sync.Mutex
	sessions []string
	commands map[string]string // → session
}

// TestKills kills the server at random moments while several clients change
// what it stores. What was acknowledged is there afterwards, every time. DOWNBEAT_TEST_KILLS
// says how many times: `make kills`.
func TestKills(t *testing.T) {
	kills := 20
	if s := os.Getenv("DOWNBEAT_TEST_KILLS"); s != "" {
		var err error
		kills, err = strconv.Atoi(s)
		check(t, err)
	}
	random := rand.New(rand.NewPCG(5, 5))
	server := newInstance(t, "--data", t.TempDir())
	member := server.join(signaling.JoinRequest{SessionID: "stays", DeviceType: "desktop"})
	all := &acknowledged{commands: map[string]string{}}
	for range kills {
		round := &acknowledged{commands: map[string]string{}}
		var clients sync.WaitGroup
		for range 3 {
			clients.Go(func() { round.change(server) })
		}
		pause(t.Context(), time.Duration(random.Int64N(int64(300*time.Millisecond))))
		server.kill()
		clients.Wait()
		server.start()
		all.sessions = append(all.sessions, round.sessions...)
		all.commands = round.commands
		all.check(t, server)
		back := server.join(signaling.JoinRequest{SessionID: "stays", ResumeToken: member.ResumeToken})
		if back.DeviceID != member.DeviceID || back.UserID != member.UserID || !back.IsLeader {
			t.Fatalf("came back as %+v, was %+v", back.SessionJoined, member.SessionJoined)
		}
	}
	t.Logf("%d kills, %d sessions", kills, len(all.sessions))
}

// change makes sessions and commands in them until the server is gone.
func (a *acknowledged) change(server *instance) {
	for {
		status, b, err := server.do("POST", "/api/sessions", `{"creatorName":"Ann"}`)
		var created struct{ SessionID string }
		if err != nil || status != http.StatusCreated || json.Unmarshal(b, &created) != nil {
			return
		}
		a.mu.Lock()
		a.sessions = append(a.sessions, created.SessionID)
		a.mu.Unlock()
		for range 20 {
			status, b, err := server.do("POST", "/api/sessions/"+created.SessionID+"/commands", `{"name":"flash"}`)
			var cmd session.Scheduled
			if err != nil || status != http.StatusAccepted || json.Unmarshal(b, &cmd) != nil {
				return
			}
			a.mu.Lock()
			a.commands[cmd.CommandID] = created.SessionID
			a.mu.Unlock()
		}
	}
}

// check looks for all that was acknowledged.
func (a *acknowledged) check(t *testing.T, server *instance) {
	t.Helper()
	there := map[string]bool{}
	for cursor := ""; ; {
		var list struct {
			Sessions   []session.Summary
			NextCursor string
		}
		server.get("/api/sessions?limit=1000&cursor="+url.QueryEscape(cursor), &list)
		for _, s := range list.Sessions {
			there[s.SessionID] = true
		}
		if cursor = list.NextCursor; cursor == "" {
			break
		}
	}
	for _, id := range a.sessions {
		if !there[id] {
			t.Fatalf("session %s was acknowledged and is gone", id)
		}
	}
	for command, id := range a.commands {
		server.get("/api/sessions/"+id+"/commands/"+command, &struct{}{})
	}
}
