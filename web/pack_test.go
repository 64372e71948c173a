package web

import (
	"bytes"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// consumer is a small TypeScript program of somebody who installed the package.
const consumer = `
import { join, DownbeatError, type Session, type Command, type State } from 'downbeat'
import { Recorder } from 'downbeat/recorder'
import { Clock } from 'downbeat/clock'

export async function main(): Promise<number> {
  const session: Session = await join({ url: 'https://beat.example', sessionId: 'studio', deviceType: 'mobile' })
  const off: () => void = session.onCommand('flash', (command: Command, { lateness }) => lateness * 2)
  session.at(session.now() + 500, instant => instant.lateness.toFixed(3))
  const { commandId, timestamp } = await session.schedule('flash', { tone: 880 }, { delay: 500 })
  await session.cancel(commandId).catch((e: DownbeatError) => e.code)
  await session.loadMedia({ mediaUrl: '/film.mp4' })
  await session.play(10)
  session.on('closed', ({ code }) => code.toUpperCase())
  session.on('user_joined', ({ username }) => username)
  // @ts-expect-error of another event
  session.on('failed', ({ code }) => code)
  const state: State = session.state
  const { position, velocity } = session.timingProvider().vector
  session.audioTrim = 35
  const recorder = new Recorder(session, { audio: false })
  recorder.on('trouble', ({ message, fatal }: { message: string, fatal: boolean }) => fatal && message.length)
  await recorder.open()
  // @ts-expect-error a state that there isn't
  if (recorder.state === 'asleep') recorder.close()
  const clock = new Clock((frame: Uint8Array) => frame.length, { resolution: 0.005 })
  const taken: boolean = clock.receive(new Uint8Array(60))
  if (taken && clock.bound < 1) clock.at(clock.now() + 500, ({ lateness }) => lateness.toFixed(3))
  // @ts-expect-error text is no frame
  clock.receive('frame')
  off()
  await session.leave()
  // @ts-expect-error an option that isn't
  join({ session: 'studio' })
  return session.timeline.position(timestamp) + position + velocity + state.length
}
`

// TestPackage packs the library, installs it into an empty directory without
// any network, imports it in Node, and compiles a TypeScript program against it.
func TestPackage(t *testing.T) {
	if testing.Short() {
		t.Skip("runs npm")
	}
	testutil.Modules(t)
	packed, home := t.TempDir(), t.TempDir()
	run(t, "..", "tools/pack.sh", packed, "1.2.3")
	tarball := filepath.Join(packed, "downbeat-1.2.3.tgz")
	write(t, filepath.Join(home, "package.json"), `{"type": "module", "private": true}`)
	run(t, home, "npm", "install", "--offline", "--silent", "--no-audit", "--no-fund", tarball)

	out := run(t, home, "node", "--input-type=module", "--eval", `
		const it = JSON.parse((await import('node:fs')).readFileSync('node_modules/downbeat/package.json'))
		for (const name of Object.keys(it.exports)) {
			if (name.endsWith('.json')) continue
			console.log(name, Object.keys(await import('downbeat' + name.slice(1))).join(' '))
		}`)
	if !strings.Contains(out, ". DownbeatError Session join") {
		t.Errorf("imported in Node: %s", out)
	}
	t.Log(out)
	servedAsPacked(t, filepath.Join(home, "node_modules", "downbeat"))

	write(t, filepath.Join(home, "consumer.ts"), consumer)
	tsc, err := filepath.Abs("node_modules/.bin/tsc")
	if err != nil {
		t.Fatal(err)
	}
	run(t, home, tsc, "--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "consumer.ts")
}

// servedAsPacked compares each module of the package with the server's.
func servedAsPacked(t *testing.T, root string) {
	t.Helper()
	handler, modules := Handler(Config{}), 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".js" {
			return err
		}
		modules++
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", "/"+filepath.ToSlash(name), nil))
		if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), body) {
			t.Errorf("/%s isn't served as it is packed (status %d)", name, w.Code)
		}
		return nil
	})
	if err != nil || modules < 20 {
		t.Errorf("%d modules, %v", modules, err)
	}
}

// run runs a program in a directory and returns what it printed.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
