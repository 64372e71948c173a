package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/downbeat-sync/downbeat/takes"
)

// TestFilmSet goes the whole way with nothing but the program and its pages: a
// director makes a session on the console, two pages with cameras come in by its
// link, a take is recorded and uploaded, and what lies on the disk afterwards is
// what the manifest says.
func TestFilmSet(t *testing.T) {
	dir := t.TempDir()
	i := newInstance(t, "--data", dir)
	browser := newChromium(t, fakeCamera...)
	defer browser.close()
	console := browser.tab(t, i.url+"/")
	until(t, console, `document.activeElement.id === 'creator'`)
	press(t, console, "#create button")
	until(t, console, `document.querySelector('#link').href.includes('session=')`)
	var link string
	evaluate(t, console, `document.querySelector('#link').href`, &link)
	for _, query := range []string{"&camera=on&view=front&name=A", "&camera=on&view=side&name=B"} {
		page := browser.tab(t, link+query)
		until(t, page, says("#state", "ready|coarse"))
	}
	// A coarse clock is no reason to wait for ever on a busy machine.
	evaluate(t, console, `(limit.value = limit.options[limit.options.length - 1].value, limit.dispatchEvent(new Event('change', {bubbles: true})), 0)`, new(int))
	until(t, console, says("#ready-light", "^Go for a take$")+` && document.querySelectorAll('.card').length === 2`)

	evaluate(t, console, `(document.querySelector('#take-label').value = 'scene 1', document.querySelector('#take-duration').value = '2', 0)`, new(int))
	press(t, console, "#record")
	until(t, console, `document.querySelector('#record').dataset.phase === 'counting'`)
	until(t, console, `document.querySelector('#record').dataset.phase === 'recording'`)
	until(t, console, says("#takes", "all 2 uploaded"))
	picture, err := chromedp.Run(console, chromedp.CaptureScreenshot())
	check(t, err)
	artefact(t, "filmset-console.png", picture)

	files, err := filepath.Glob(filepath.Join(dir, "recordings", "*", "*", takes.ManifestName))
	check(t, err)
	if len(files) != 1 {
		t.Fatalf("manifests %v", files)
	}
	checkTake(t, files[0])
	playTake(t, console)
	judgeTake(t, console, dir)
}

// checkTake compares the files of a take with its manifest.
func checkTake(t *testing.T, name string) {
	t.Helper()
	var take takes.Take
	eventually(t, "the manifest to be whole", func() bool {
		b, err := os.ReadFile(name)
		return err == nil && json.Unmarshal(b, &take) == nil && len(take.Recordings) == 2 && take.Recordings[1].File != nil && take.Recordings[0].File != nil
	})
	if take.PostureLabel != "scene 1" {
		t.Errorf("the take is called %q", take.PostureLabel)
	}
	for _, r := range take.Recordings {
		content, err := os.ReadFile(filepath.Join(filepath.Dir(name), *r.File))
		check(t, err)
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != *r.SHA256 || int64(len(content)) != *r.FileSizeBytes {
			t.Errorf("%s isn't what the manifest says", *r.File)
		}
		if r.StartTimestamp == nil || r.DurationMs == nil {
			t.Fatalf("%s has no times: %+v", r.ViewType, r)
		}
		bound := time.Duration(*r.StartBoundMs * 1e6)
		if late := r.StartTimestamp.Sub(take.TakeTimestamp); late < -bound || late > time.Second {
			t.Errorf("%s begins %v after the instant", r.ViewType, late)
		}
		if *r.DurationMs > 2000+2*ms(bound) || *r.DurationMs < 1000 {
			t.Errorf("%s has %.0f of 2000 ms", r.ViewType, *r.DurationMs)
		}
	}
}
