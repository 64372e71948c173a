package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// firefox is a real one, driven by WebDriver BiDi.
type firefox struct {
	t       testing.TB
	conn    *websocket.Conn
	context string // of its one tab
	lastID  int
}

// preferences keep a fresh profile from calling home, and let a page play sound.
const preferences = `
user_pref("app.update.auto", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("media.autoplay.default", 0);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("toolkit.telemetry.enabled", false);
`

// newFirefox starts one, where there is one.
func newFirefox(t testing.TB) *firefox {
	t.Helper()
	binary := ""
	for _, name := range []string{"firefox-esr", "firefox"} {
		if path, err := exec.LookPath(name); err == nil && binary == "" {
			binary = path
		}
	}
	if binary == "" {
		t.Skip("no Firefox here, and `make setup` installs none: apt-get install firefox-esr")
	}
	profile := t.TempDir()
	check(t, os.WriteFile(filepath.Join(profile, "user.js"), []byte(preferences), 0o600))
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, binary, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0", "about:blank")
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	said, err := cmd.StderrPipe()
	check(t, err)
	check(t, cmd.Start())
	t.Cleanup(func() { stop(); _ = cmd.Wait() })
	f := &firefox{t: t}
	f.connect(listening(t, bufio.NewScanner(said)))
	return f
}

// listening waits for the address that Firefox prints.
func listening(t testing.TB, lines *bufio.Scanner) string {
	t.Helper()
	found := make(chan string, 1)
	go func() {
		for lines.Scan() {
			if _, url, ok := strings.Cut(lines.Text(), "BiDi listening on "); ok {
				found <- url
			}
		}
	}()
	select {
	case url := <-found:
		return url
	case <-time.After(30 * time.Second):
		t.Fatal("Firefox doesn't start")
		return ""
	}
}

func (f *firefox) connect(url string) {
	f.t.Helper()
	conn, _, err := websocket.DefaultDialer.DialContext(f.t.Context(), url+"/session", nil)
	check(f.t, err)
	f.conn = conn
	f.t.Cleanup(func() {
		f.call("browser.close", struct{}{}, nil)
		_ = conn.Close()
	})
	f.call("session.new", map[string]any{"capabilities": struct{}{}}, nil)
	var tree struct {
		Contexts []struct{ Context string }
	}
	f.call("browsingContext.getTree", struct{}{}, &tree)
	f.context = tree.Contexts[0].Context
}

// call sends a command and waits for its result; events are passed over.
func (f *firefox) call(method string, params, result any) {
	f.t.Helper()
	f.lastID++
	check(f.t, f.conn.WriteJSON(map[string]any{"id": f.lastID, "method": method, "params": params}))
	check(f.t, f.conn.SetReadDeadline(time.Now().Add(30*time.Second)))
	for {
		var reply struct {
			ID             int
			Type           string
			Error, Message string
			Result         json.RawMessage
		}
		check(f.t, f.conn.ReadJSON(&reply))
		switch {
		case reply.ID != f.lastID:
		case reply.Type == "error":
			f.t.Fatalf("%s: %s: %s", method, reply.Error, reply.Message)
		case result != nil:
			check(f.t, json.Unmarshal(reply.Result, result))
			return
		default:
			return
		}
	}
}

func (f *firefox) open(url string) {
	f.t.Helper()
	f.call("browsingContext.navigate", map[string]any{"context": f.context, "url": url, "wait": "complete"}, nil)
}

// evaluate runs JavaScript, waits for its promise and decodes its result.
func (f *firefox) evaluate(js string, result any) {
	f.t.Helper()
	var reply struct {
		Type             string
		Result           struct{ Value string }
		ExceptionDetails struct{ Text string }
	}
	f.call("script.evaluate", map[string]any{
		"expression":   fmt.Sprintf("(async () => JSON.stringify(await (%s) ?? null))()", js),
		"target":       map[string]any{"context": f.context},
		"awaitPromise": true,
	}, &reply)
	if reply.Type != "success" {
		f.t.Fatalf("%s: %s", js, reply.ExceptionDetails.Text)
	}
	check(f.t, json.Unmarshal([]byte(reply.Result.Value), result))
}
