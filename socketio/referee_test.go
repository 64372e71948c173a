package socketio

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/engineio"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// echo is the application that the suites of socketio/socket.io-protocol expect.
type echo struct{}

func (echo) connect(c *conn, namespace string, auth json.RawMessage) (space, any, error) {
	if namespace != mainNamespace && namespace != "/custom" {
		return nil, nil, errNamespace
	}
	if auth == nil {
		auth = json.RawMessage("{}")
	}
	return &echoing{c, namespace, auth}, map[string]string{"sid": newID()}, nil
}

type echoing struct {
	c         *conn
	namespace string
	auth      json.RawMessage
}

// entered says auth a little later: the suite listens for one packet at a time, and loses one that it
// reads together with the packet before.
func (e *echoing) entered() {
	time.AfterFunc(20*time.Millisecond, func() { e.say("auth", []json.RawMessage{e.auth}, nil) })
}

func (e *echoing) say(name string, args []json.RawMessage, parts [][]byte) {
	all := []any{name}
	for _, a := range args {
		all = append(all, a)
	}
	b, _ := json.Marshal(all)
	e.c.emit(e.namespace, b, parts)
}

func (e *echoing) event(ev event, ack func(json.RawMessage, [][]byte)) {
	if ack != nil {
		b, _ := json.Marshal(ev.args)
		ack(b, ev.parts)
		return
	}
	e.say(ev.name+"-back", ev.args, ev.parts)
}

func (e *echoing) left(bool, string) {}

// repeater sends back what Engine.IO brings, as the suite of socketio/engine.io-protocol expects.
type repeater struct{ s *engineio.Socket }

func (r repeater) Message(b []byte, binary bool) {
	if binary {
		r.s.SendBinary(b)
		return
	}
	r.s.Send(b)
}

func (repeater) Closed(string) {}

// TestReferee runs the official suites, with their settings. DOWNBEAT_SOCKETIO_SUITES names a directory
// with the folders engine.io and socket.io, each the test-suite of socketio/…-protocol after `npm ci`.
func TestReferee(t *testing.T) {
	dir := os.Getenv("DOWNBEAT_SOCKETIO_SUITES")
	if dir == "" {
		t.Skip("DOWNBEAT_SOCKETIO_SUITES isn't set: the official suites aren't part of this repository")
	}
	timing := engineio.Config{PingInterval: 300 * time.Millisecond, PingTimeout: 200 * time.Millisecond, MaxPayload: 1_000_000}
	for name, open := range map[string]func(*engineio.Socket, *http.Request) engineio.Handler{
		"engine.io": func(s *engineio.Socket, _ *http.Request) engineio.Handler { return repeater{s} },
		"socket.io": func(s *engineio.Socket, _ *http.Request) engineio.Handler { return newConn(s, echo{}, time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "localhost:3000") // which is in the suites
			testutil.Check(t, err)
			cfg := timing
			cfg.Open = open
			engine := engineio.New(cfg)
			server := &http.Server{Handler: engine}
			served := make(chan error, 1)
			go func() { served <- server.Serve(l) }()
			cmd := exec.CommandContext(t.Context(), "npx", "--no-install", "mocha", "test-suite.js", "--exit")
			cmd.Dir = filepath.Join(dir, name)
			out, err := cmd.CombinedOutput()
			t.Logf("%s", out)
			if err != nil {
				t.Error(err)
			}
			engine.Close()
			_ = server.Close()
			<-served
		})
	}
}
