package disks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/disks"
	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/store"
)

func TestMain(m *testing.M) { testutil.Main(m) }

var (
	content = bytes.Repeat([]byte("0123456789"), 1000)
	began   = time.Now()
)

// instance is one with a disk, whose handler has one file, at /file, and echoes what is sent to /echo.
type instance struct {
	*disks.Disks
	http   *httptest.Server
	clock  atomic.Int64 // by how much it is ahead
	served atomic.Int64 // requests that it has believed
}

func newInstance(t *testing.T, s store.Store, name, key string, more ...func(*disks.Config)) *instance {
	t.Helper()
	i := &instance{}
	i.http = httptest.NewServer(i)
	cfg := disks.Config{
		Disk: name, Instance: name, Place: func() disks.Place { return disks.Place{URLs: []string{"http://127.0.0.1:1", i.http.URL}} }, Store: s,
		Key: func() []byte { return []byte(key) }, Now: func() time.Time { return time.Now().Add(time.Duration(i.clock.Load())) },
		Log: slog.New(slog.DiscardHandler),
	}
	for _, change := range more {
		change(&cfg)
	}
	var err error
	i.Disks, err = disks.New(cfg)
	testutil.Check(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { i.Run(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended; i.http.Close() })
	return i
}

func (i *instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	as, ok, err := i.Signed(r)
	if err != nil || !ok {
		w.Header().Set(disks.Header, "refused")
		w.WriteHeader(http.StatusForbidden)
		return
	}
	i.served.Add(1)
	switch r.URL.Path {
	case disks.ProbePath:
		i.ServeProbe(w, r)
	case "/file":
		w.Header().Set("ETag", `"tag"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	case "/api/echo":
		w.Header().Set("Location", "/below"+r.URL.Path)
		w.Header().Set("As", as)
		w.Header().Set("Authorized", r.Header.Get("Authorization"))
		w.Header().Add("Vary", "theirs")
		b, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(b)
	default:
		http.NotFound(w, r)
	}
}

const first, second, nobodys = "00000000000a", "00000000000b", "00000000000c"

func pair(t *testing.T) (a, b *instance) {
	t.Helper()
	s := store.NewMemory()
	a, b = newInstance(t, s, first, "key"), newInstance(t, s, second, "key")
	testutil.Eventually(t, "the instances to know each other", func() bool { return a.Absent(second) == 0 && b.Absent(first) == 0 && a.knows(t, second) })
	return a, b
}

func (i *instance) knows(t *testing.T, disk string) bool {
	f, err := i.Open(t.Context(), disk, "/file", `"tag"`)
	return err == nil && f.Close() == nil
}

// TestOpen: a file of another instance is read from any place on, as one of one's own.
func TestOpen(t *testing.T) {
	a, b := pair(t)
	f, err := a.Open(t.Context(), second, "/file", `"tag"`)
	testutil.Check(t, err)
	if f.Size() != int64(len(content)) {
		t.Errorf("%d bytes", f.Size())
	}
	for _, from := range []int64{0, 9990, 17, f.Size()} {
		if at, err := f.Seek(from, io.SeekStart); err != nil || at != from {
			t.Fatal(at, err)
		}
		got, err := io.ReadAll(f)
		if err != nil || !bytes.Equal(got, content[from:]) {
			t.Errorf("from %d: %d bytes, %v", from, len(got), err)
		}
	}
	if at, err := f.Seek(-5, io.SeekEnd); err != nil || at != f.Size()-5 {
		t.Error(at, err)
	}
	if _, err := f.Seek(-1, io.SeekStart); err == nil {
		t.Error("a place before the first byte")
	}
	testutil.Check(t, f.Close())
	if _, err := a.Open(t.Context(), second, "/other", `"tag"`); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that isn't there: %v", err)
	}
	if _, err := a.Open(t.Context(), second, "/file", `"another"`); !errors.Is(err, disks.ErrAway) {
		t.Errorf("another file under that path: %v", err)
	}
	before := b.served.Load()
	if _, err := a.Open(t.Context(), nobodys, "/file", `"tag"`); !errors.Is(err, disks.ErrAway) || b.served.Load() != before {
		t.Errorf("a disk that nobody has: %v", err)
	}
	if answer, err := a.Ask(t.Context(), second, "/file?x=1"); err != nil || !bytes.Equal(answer, content) {
		t.Errorf("asked: %d bytes, %v", len(answer), err)
	}
	if _, err := a.Ask(t.Context(), second, "/other"); err == nil {
		t.Error("an answer that isn't there")
	}
	b.http.Close()
	if _, err := a.Open(t.Context(), second, "/file", `"tag"`); !errors.Is(err, disks.ErrAway) {
		t.Errorf("an instance that is away: %v", err)
	}
	if a.Absent(second) <= 0 || a.Absent(nobodys) < time.Hour {
		t.Error("nobody counts for how long it is away")
	}
}

// TestForward: the other instance answers, knows what the client has proven, and gets none of its secrets.
func TestForward(t *testing.T) {
	a, b := pair(t)
	forward := func(disk string) (*httptest.ResponseRecorder, error) {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/api/echo?x=1", bytes.NewReader(content))
		r.Header.Set("Authorization", "Bearer secret")
		w := httptest.NewRecorder()
		w.Header().Set("Vary", "own")
		return w, a.Forward(w, r, disk, "leader", func(w http.ResponseWriter, _ error) { w.WriteHeader(http.StatusServiceUnavailable) })
	}
	w, err := forward(second)
	testutil.Check(t, err)
	h := w.Header()
	if w.Code != http.StatusCreated || !bytes.Equal(w.Body.Bytes(), content) || h.Get("Location") != "/api/echo" || h.Get("As") != "leader" || h.Get("Authorized") != "" {
		t.Errorf("%d, %d bytes, %v", w.Code, w.Body.Len(), h)
	}
	if v := h.Values("Vary"); len(v) != 1 || v[0] != "own" {
		t.Errorf("headers of both: %v", v)
	}
	b.clock.Store(int64(time.Hour)) // it believes nobody now
	if w, err := forward(second); err != nil || w.Code != http.StatusServiceUnavailable {
		t.Errorf("what the other one doesn't believe: %d %v", w.Code, err)
	}
	if _, err := forward(second); !errors.Is(err, disks.ErrAway) {
		t.Errorf("after that: %v", err)
	}
}

// TestTLS: an instance is reached under the name that its certificate is for, if the authority is the one that the
// store says, and no other.
func TestTLS(t *testing.T) {
	s := store.NewMemory()
	b := newInstance(t, s, second, "key", func(c *disks.Config) { c.Place = nil })
	secure := httptest.NewUnstartedServer(b)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	root := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}))
	for name, c := range map[string]struct {
		place   disks.Place
		reached bool
	}{
		"right":             {disks.Place{URLs: []string{secure.URL}, Name: "example.com", Authority: root}, true},
		"by address":        {disks.Place{URLs: []string{secure.URL}, Authority: root}, true},
		"another name":      {disks.Place{URLs: []string{secure.URL}, Name: "example.org", Authority: root}, false},
		"unknown authority": {disks.Place{URLs: []string{secure.URL}, Name: "example.com"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			value, err := json.Marshal(map[string]any{"instance": "b", "urls": c.place.URLs, "name": c.place.Name, "authority": c.place.Authority})
			testutil.Check(t, err)
			stored := store.NewMemory()
			_, err = stored.Put(t.Context(), "disk."+second, value, 0)
			testutil.Check(t, err)
			a := newInstance(t, stored, first, "key")
			testutil.Eventually(t, "the store to be read", func() bool { return a.Absent(nobodys) > 0 })
			if got := a.knows(t, second); got != c.reached {
				t.Errorf("reached: %v", got)
			}
		})
	}
}

// TestSigned: a request is believed with another method, path, disk or time than it was signed for by nobody, and
// with another store's key neither.
func TestSigned(t *testing.T) {
	a, b := pair(t)
	var got atomic.Pointer[http.Request]
	spy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got.Store(r.Clone(context.Background())) }))
	defer spy.Close()
	s := store.NewMemory()
	toSpy := newInstance(t, s, nobodys, "key", func(c *disks.Config) { c.Place = nil })
	newInstance(t, s, second, "key", func(c *disks.Config) { c.Place = func() disks.Place { return disks.Place{URLs: []string{spy.URL}} } })
	testutil.Eventually(t, "a request", func() bool {
		_, _ = toSpy.Open(t.Context(), second, "/file", "")
		return got.Load() != nil
	})
	believed := func(i *instance, change func(*http.Request)) bool {
		r := got.Load().Clone(context.Background())
		change(r)
		_, ok, err := i.Signed(r)
		return ok && err == nil
	}
	if !believed(b, func(*http.Request) {}) {
		t.Fatal("the request itself isn't believed")
	}
	for name, change := range map[string]func(*http.Request){
		"method": func(r *http.Request) { r.Method = "DELETE" },
		"path":   func(r *http.Request) { r.URL.Path = "/else" },
		"query":  func(r *http.Request) { r.URL.RawQuery = "x=1" },
		"word":   func(r *http.Request) { r.Header.Set(disks.Header, r.Header.Get(disks.Header)+"0") },
		"short":  func(r *http.Request) { r.Header.Set(disks.Header, "1.2") },
	} {
		if believed(b, change) {
			t.Errorf("believed with another %s", name)
		}
	}
	if believed(a, func(*http.Request) {}) {
		t.Error("believed by the instance of another disk")
	}
	b.clock.Store(int64(31 * time.Second))
	if believed(b, func(*http.Request) {}) {
		t.Error("believed half a minute later")
	}
	if other := newInstance(t, s, second, "another key"); believed(other, func(*http.Request) {}) {
		t.Error("believed on another store")
	}
}

// FuzzSigned: no header is believed that nobody signed, or breaks anything.
func FuzzSigned(f *testing.F) {
	d, err := disks.New(disks.Config{Disk: first, Store: store.NewMemory(), Key: func() []byte { return []byte("key") }, Now: func() time.Time { return began }})
	testutil.Check(f, err)
	for _, s := range []string{"", "..", "1.a.b", "-1..", "9223372036854775807.x.y", "1.2.3.4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header[disks.Header] = []string{s}
		if _, ok, err := d.Signed(r); ok && err == nil {
			t.Errorf("%q is believed", s)
		}
	})
}
