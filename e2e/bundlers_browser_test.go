package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/server"
)

// bundled is the app of somebody who installed the package: it joins a server of
// another origin, acts in the worker, and records.
const bundled = `
import { join } from 'downbeat'
import { Recorder } from 'downbeat/recorder'

async function main() {
  const heard = []
  const session = await join({
    url: new URLSearchParams(location.search).get('server'), sessionId: 'studio', deviceType: 'desktop',
    actions: new URL('actions.js', location.href),
  })
  for (const name of ['failed', 'closed']) session.on(name, ({ message }) => heard.push(message))
  await new Promise(done => session.on('clock', () => session.state === 'synced' && done()))
  const acted = new Promise(done => session.on('acted', done))
  const where = new Promise(done => (new BroadcastChannel('where').onmessage = ({ data }) => done(data)))
  session.at(session.now() + 50, 'tell', 'there')
  const { error } = await acted
  const recorder = new Recorder(session, { video: { width: 320, height: 240 } })
  recorder.on('trouble', ({ message }) => heard.push(message))
  await recorder.open()
  return { missing: session.missing.filter(it => it !== 'isolation'), thread: session.clockThread, where: await where, error: error ?? '', heard }
}

globalThis.outcome = main().catch(error => ({ error: String(error) }))
`

// actsApart is the app's actions module, which runs in the worker.
const actsApart = `export function tell(word) { new BroadcastChannel('where').postMessage(word + (typeof document === 'undefined' ? '' : ', on the page')) }`

// outcome is what became of the app.
type outcome struct {
	Missing, Heard       []string
	Thread, Where, Error string
}

// TestBrowserBundlers builds an app with the packed library by Vite, webpack and esbuild, as the
// package's README tells, and uses the library without any. Served by another origin than Downbeat's,
// each has its clock and acts in the worker, and its recorder brings a take to the server.
func TestBrowserBundlers(t *testing.T) {
	if testing.Short() {
		t.Skip("runs npm and three bundlers")
	}
	testutil.Whole(t)
	testutil.Modules(t)
	site := installedApp(t)
	pages := httptest.NewServer(http.FileServer(http.Dir(site)))
	defer pages.Close()
	rig := serving(t, server.Config{Origins: []string{pages.URL}, Data: t.TempDir(), DiskReserve: -1}, nil)
	downbeat := rig.URL
	check(t, os.WriteFile(filepath.Join(site, "plain", "index.html"), []byte(`<!doctype html><title>plain</title>
<script type="importmap">{"imports": {"downbeat": "`+downbeat+`/downbeat.js", "downbeat/recorder": "`+downbeat+`/recorder.js"}}</script>
<script type="module" src="app.js"></script>`), 0o644))
	browser := newChromium(t, fakeCamera...)
	defer browser.close()
	lead := leader(t, &instance{t: t, url: downbeat}, "studio")

	built := []string{"plain", "vite/dist", "webpack/dist", "esbuild/dist"}
	for _, dir := range built {
		tab := browser.tab(t, pages.URL+"/"+dir+"/?server="+url.QueryEscape(downbeat))
		lands(t, tab, "!!globalThis.outcome")
		var got outcome
		evaluate(t, tab, "outcome", &got)
		if got.Error != "" || got.Thread != "worker" || got.Where != "there" || len(got.Missing) > 0 || len(got.Heard) > 0 {
			t.Errorf("%s: %+v", dir, got)
		}
	}
	lead.must(t, "start_recording", map[string]any{"duration": 500})
	settled := func() (uploaded int) {
		all, err := rig.Server.Sessions().Recordings(t.Context(), "studio")
		check(t, err)
		for _, r := range all {
			if r.UploadStatus == "uploaded" {
				uploaded++
			}
		}
		return uploaded
	}
	eventually(t, "every app's take is on the server", func() bool { return settled() == len(built) })
}

// installedApp installs the packed library, and builds the app with each bundler.
func installedApp(t *testing.T) (site string) {
	t.Helper()
	site, packed := t.TempDir(), t.TempDir()
	web, err := filepath.Abs("../web")
	check(t, err)
	program(t, "..", "tools/pack.sh", packed, "1.2.3")
	write := func(name, text string) { check(t, os.WriteFile(filepath.Join(site, name), []byte(text), 0o644)) }
	write("package.json", `{"type": "module", "private": true}`)
	program(t, site, "npm", "install", "--offline", "--silent", "--no-audit", "--no-fund", filepath.Join(packed, "downbeat-1.2.3.tgz"))
	for _, dir := range []string{"plain", "vite", "webpack", "esbuild"} {
		check(t, os.MkdirAll(filepath.Join(site, dir), 0o755))
		write(dir+"/app.js", bundled)
		write(dir+"/actions.js", actsApart)
		write(dir+"/index.html", `<!doctype html><title>`+dir+`</title><script type="module" src="./app.js"></script>`)
		if dir == "plain" {
			continue
		}
		program(t, web, "node", "bundle.js", dir, filepath.Join(site, dir))
		write(dir+"/dist/actions.js", actsApart)
		if dir != "vite" {
			write(dir+"/dist/index.html", `<!doctype html><title>`+dir+`</title><script type="module" src="./app.js"></script>`)
		}
	}
	return site
}

// program runs one in a directory.
func program(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}
