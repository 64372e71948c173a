package e2e

import (
	"encoding/base64"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/server"
)

// TestMakeFilm writes testdata/player.webm anew, in a real Chromium with
// mediabunny from web/node_modules. Only when asked to: the file is kept.
func TestMakeFilm(t *testing.T) {
	const library = "../web/node_modules/mediabunny/dist/bundles/mediabunny.min.mjs"
	if os.Getenv("DOWNBEAT_TEST_FILM") == "" {
		t.Skip("DOWNBEAT_TEST_FILM=1 writes testdata/player.webm anew")
	}
	r, err := lab.NewRig(t.Context(), server.Config{Log: quiet()}, func(product http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/", new(entrance).wrap(product))
		mux.HandleFunc("/test/mediabunny.mjs", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/javascript")
			http.ServeFile(w, r, library)
		})
		return mux
	})
	check(t, err)
	browser := newChromium(t)
	defer func() { browser.close(); check(t, r.Close()) }()
	tab := browser.tab(t, r.URL+"/test/player_film.html")
	var ok bool
	evaluate(t, tab, `new Promise(done => { const look = () => globalThis.makeFilm ? done(true) : setTimeout(look, 20); look() })`, &ok)
	evaluate(t, tab, `void makeFilm().then(film => (globalThis.film = film))`, new(any))
	for made := false; !made; pause(t.Context(), time.Second) {
		evaluate(t, tab, `globalThis.film !== undefined`, &made)
	}
	text, err := chromedp.Run(tab, chromedp.Evaluate[string]("film"))
	check(t, err)
	film, err := base64.StdEncoding.DecodeString(text)
	check(t, err)
	check(t, os.WriteFile("testdata/player.webm", film, 0o644))
	t.Logf("%d bytes", len(film))
}
