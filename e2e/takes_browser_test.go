package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// playing are the places of a take's players on its own line, in s; the seek bar's is the last.
const playing = `[...document.querySelectorAll('.takeview video')].map(v => v.currentTime).concat(Number(document.querySelector('.takeview input[type=range]').value))`

// playTake plays a take on the console, and scrubs in it: both recordings are where the line is.
func playTake(t *testing.T, console context.Context) {
	t.Helper()
	press(t, console, ".take-look")
	until(t, console, `(v => v.length === 2 && v.every(v => v.readyState >= 2))([...document.querySelectorAll('.takeview video')])`)
	press(t, console, ".takeview-controls .primary")
	until(t, console, `document.querySelectorAll('.takeview video')[1].currentTime > 0.5`)
	var at []float64
	evaluate(t, console, `new Promise(done => setTimeout(() => done(`+playing+`), 400))`, &at)
	if apart := max(at[0], at[1]) - min(at[0], at[1]); apart > 0.25 { // the machine may be busy; what is exact is tested without a browser
		t.Errorf("the players are %.3f s apart", apart)
	}
	until(t, console, says(".takeview-controls .primary", "^Play$")) // it ends by itself
	evaluate(t, console, `(bar => (bar.value = 1, bar.dispatchEvent(new Event('input')), 0))(document.querySelector('.takeview input[type=range]'))`, new(int))
	until(t, console, `[...document.querySelectorAll('.takeview video')].every(v => v.paused && !v.seeking && Math.abs(v.currentTime - 1) < 0.1)`)
	press(t, console, ".takeview-controls .quiet")
	until(t, console, `Number(document.querySelector('.takeview input[type=range]').value) < 1`)
	picture, err := chromedp.Run(console, chromedp.FullScreenshot(100))
	check(t, err)
	artefact(t, "filmset-take.png", picture)
}

// judgeTake marks, renames and comments on a take, fetches its ZIP, and deletes it with its files.
func judgeTake(t *testing.T, console context.Context, dir string) {
	t.Helper()
	press(t, console, ".mark.good")
	until(t, console, `document.querySelector('.take').dataset.mark === 'good' && document.querySelector('.mark.good').ariaPressed === 'true'`)
	evaluate(t, console, `(note => (note.value = 'the door was open', note.dispatchEvent(new Event('change')), 0))(document.querySelector('.taketools textarea'))`, new(int))
	evaluate(t, console, `(label => (label.value = 'scene 1 ünd 2', label.dispatchEvent(new Event('change')), 0))(document.querySelector('.taketools input'))`, new(int))
	until(t, console, says(".take-title", "scene 1 ünd 2"))
	eventually(t, "the manifest to say so", func() bool {
		names, _ := filepath.Glob(filepath.Join(dir, "recordings", "*", "*", "manifest.json"))
		b, _ := os.ReadFile(names[0])
		return strings.Contains(string(b), "the door was open") && strings.Contains(string(b), `"good"`) && strings.Contains(string(b), "scene 1 ünd 2") ||
			!pause(console, 20*time.Millisecond)
	})
	var magic string
	evaluate(t, console, `fetch([...document.querySelectorAll('.take-files a')].find(a => /ZIP/.test(a.textContent)).href).then(r => r.arrayBuffer()).then(b => String.fromCharCode(...new Uint8Array(b.slice(0, 2))))`, &magic)
	if magic != "PK" {
		t.Errorf("the ZIP begins with %q", magic)
	}
	press(t, console, ".taketools .quiet")
	until(t, console, `ask.open && /for good/.test(document.querySelector('#ask-why').textContent)`)
	press(t, console, "#ask-yes")
	until(t, console, `document.querySelectorAll('.take').length === 0 && !document.querySelector('#takes-empty').hidden`)
	eventually(t, "the files to be gone", func() bool {
		left, _ := filepath.Glob(filepath.Join(dir, "recordings", "*", "*", "*"))
		return len(left) == 0 || !pause(console, 20*time.Millisecond)
	})
}
