package server

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// filmsDir is a directory of films with all that isn't to be reached.
func filmsDir(t *testing.T) string {
	t.Helper()
	dir, outside := filepath.Join(t.TempDir(), "films"), t.TempDir()
	testutil.Check(t, os.MkdirAll(filepath.Join(dir, "series", ".cache"), 0o755))
	write := func(name, text string) { testutil.Check(t, os.WriteFile(name, []byte(text), 0o644)) }
	for _, name := range []string{
		"A film.mp4", "A film.en.vtt", "A film.vtt", "song.MP3", "notes.txt", ".hidden.mp4", "series/1 é.webm", "series/.cache/x.mp4", "page.html", "a%2Fb.mp4",
	} {
		write(filepath.Join(dir, name), "0123456789")
	}
	write(filepath.Join(outside, "secret.mp4"), "secret")
	testutil.Check(t, os.Symlink(filepath.Join(outside, "secret.mp4"), filepath.Join(dir, "out.mp4")))
	testutil.Check(t, os.Symlink(outside, filepath.Join(dir, "outside")))
	testutil.Check(t, os.Symlink("A film.mp4", filepath.Join(dir, "inside.mp4")))
	testutil.Check(t, os.Mkdir(filepath.Join(dir, "folder.mp4"), 0o755))
	testutil.Check(t, syscall.Mkfifo(filepath.Join(dir, "pipe.mp4"), 0o644))
	return dir
}

func TestFilms(t *testing.T) {
	f, err := openFilms(filmsDir(t))
	testutil.Check(t, err)
	list, err := f.List()
	testutil.Check(t, err)
	var names []string
	for _, film := range list {
		names = append(names, film.Name)
	}
	if want := []string{"A film.mp4", "a%2Fb.mp4", "inside.mp4", "series/1 é.webm", "song.MP3"}; !slices.Equal(names, want) {
		t.Errorf("listed %q, want %q", names, want)
	}
	if a := list[0]; a.Title != "A film" || a.Type != "video/mp4" || a.Size != 10 || len(a.Subtitles) != 2 || a.Subtitles[0].Language != "en" {
		t.Errorf("%+v", a)
	}
	if _, err := openFilms(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a directory that isn't there is no error")
	}
}

// TestFilmsAreServed: over HTTP, in a server with keys.
func TestFilmsAreServed(t *testing.T) {
	key := strings.Repeat("k", 20)
	_, base := started(t, Config{Addr: "127.0.0.1:0", Access: access.Config{Mode: access.Link, AdminKey: key}, Media: filmsDir(t)})
	ask := func(method, url, bearer, byteRange string) (*http.Response, string) {
		t.Helper()
		q, err := http.NewRequestWithContext(t.Context(), method, base+url, strings.NewReader("{}"))
		testutil.Check(t, err)
		if bearer != "" {
			q.Header.Set("Authorization", "Bearer "+bearer)
		}
		if byteRange != "" {
			q.Header.Set("Range", byteRange)
		}
		r, err := http.DefaultClient.Do(q)
		testutil.Check(t, err)
		defer func() { _ = r.Body.Close() }()
		b, err := io.ReadAll(r.Body)
		testutil.Check(t, err)
		return r, string(b)
	}
	var made struct{ SessionID, Token, JoinKey string }
	_, body := ask(http.MethodPost, "/api/sessions", key, "")
	testutil.Check(t, json.Unmarshal([]byte(body), &made))
	list := "/api/sessions/" + made.SessionID + "/media"
	if r, body := ask(http.MethodGet, list, made.JoinKey, ""); r.StatusCode != http.StatusForbidden {
		t.Errorf("to a device the list is %d %s", r.StatusCode, body)
	}
	var got struct {
		Media []struct {
			Name, URL string
			Subtitles []struct{ URL, Language string }
		}
	}
	r, body := ask(http.MethodGet, list, made.Token, "")
	testutil.Check(t, json.Unmarshal([]byte(body), &got))
	if r.StatusCode != http.StatusOK || len(got.Media) != 5 {
		t.Fatalf("listed %d %s", r.StatusCode, body)
	}
	for _, film := range got.Media {
		if r, body := ask(http.MethodGet, film.URL, "", "bytes=2-4"); r.StatusCode != http.StatusPartialContent || body != "234" {
			t.Errorf("%s: %d %s", film.Name, r.StatusCode, body)
		}
	}
	film := got.Media[0]
	r, body = ask(http.MethodGet, film.URL, "", "")
	h := r.Header
	if body != "0123456789" || h.Get("Content-Type") != "video/mp4" || h.Get("Accept-Ranges") != "bytes" || h.Get("Etag") == "" ||
		h.Get("Cross-Origin-Resource-Policy") != "cross-origin" || h.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%s with %v", body, h)
	}
	if r, _ := ask(http.MethodGet, film.Subtitles[0].URL, "", ""); r.Header.Get("Content-Type") != subtitleType {
		t.Errorf("subtitles come as %v", r.Header)
	}
	_, grant, _ := strings.Cut(film.URL, "?")
	for _, bad := range []string{
		"/media/A%20film.mp4", "/media/song.MP3?" + grant, "/media/A%20film.mp4?" + strings.Replace(grant, made.SessionID, "other", 1), "/media/", "/media/?" + grant,
	} {
		if r, body := ask(http.MethodGet, bad, "", ""); r.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", bad, r.StatusCode, body)
		}
	}
}

// TestOnlyFilmsAreServed: nothing but films comes out of the directory, whatever is asked for.
func TestOnlyFilmsAreServed(t *testing.T) {
	_, base := started(t, Config{Addr: "127.0.0.1:0", Media: filmsDir(t)})
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, name := range []string{
		"", "notes.txt", ".hidden.mp4", "series/.cache/x.mp4", "series", "series/", "page.html", "out.mp4", "outside/secret.mp4", "folder.mp4", "pipe.mp4",
		"none.mp4", "%2e%2e/films/A%20film.mp4", "..%2Ffilms%2FA%20film.mp4", "series/..%2FA%20film.mp4", "%2FA%20film.mp4", "A%20film.mp4%00", "A%20film.mp4/", "./A%20film.mp4",
	} {
		r, err := client.Get(base + "/media/" + name)
		testutil.Check(t, err)
		b, err := io.ReadAll(r.Body)
		testutil.Check(t, err)
		_ = r.Body.Close()
		moved := r.StatusCode/100 == 3 // to the path without dots
		if r.StatusCode != http.StatusNotFound && !moved || strings.Contains(string(b), "0123") || strings.Contains(string(b), "secret") {
			t.Errorf("%q: %d %s", name, r.StatusCode, b)
		}
	}
	r, err := http.Get(base + "/media/A%20film.mp4")
	testutil.Check(t, err)
	_ = r.Body.Close()
	if h := r.Header; r.StatusCode != http.StatusOK || h.Get("Cross-Origin-Resource-Policy") != "same-origin" || h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("the film: %d %v", r.StatusCode, h)
	}
}
