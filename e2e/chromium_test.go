package e2e

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"
	"golang.org/x/sys/unix"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

//go:embed testdata
var testdata embed.FS

// entrance serves the tests' own pages below /test/ beside the product's, and
// notes when the last WebSocket was opened.
type entrance struct {
	mu     sync.Mutex
	opened time.Time
}

func (e *entrance) wrap(product http.Handler) http.Handler {
	files, _ := fs.Sub(testdata, "testdata")
	own := http.StripPrefix("/test", http.FileServerFS(files))
	mux := http.NewServeMux()
	mux.Handle("/", product)
	mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		e.opened = time.Now()
		e.mu.Unlock()
		product.ServeHTTP(w, r)
	})
	mux.HandleFunc("/test/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
		w.Header().Set("Cross-Origin-Embedder-Policy", "require-corp")
		own.ServeHTTP(w, r)
	})
	return mux
}

// lastOpened is when the last WebSocket was opened.
func (e *entrance) lastOpened() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.opened
}

// chromium is a real one, with what its pages and workers mark on the
// machine's monotonic clock.
type chromium struct {
	ctx   context.Context
	close func()
	trace context.Context

	mu    sync.Mutex
	marks []mark
	ended chan struct{}
}

// mark is one performance.mark of a trace; ts is CLOCK_MONOTONIC.
type mark struct {
	Name string  `json:"name"`
	TS   float64 `json:"ts"` // µs
	PID  int     `json:"pid"`
	TID  int     `json:"tid"`
}

func (m mark) monotonic() time.Duration { return time.Duration(m.TS * 1e3) }

// newChromium starts one, with further options if any.
func newChromium(t testing.TB, further ...chromedp.ExecAllocatorOption) *chromium {
	t.Helper()
	binary := testutil.Chromium(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(binary), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.WindowSize(1280, 900),
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
	)
	alloc, cancelAlloc := chromedp.NewExecAllocator(t.Context(), append(options, further...)...)
	ctx, cancel := chromedp.NewContext(alloc)
	c := &chromium{ctx: ctx, ended: make(chan struct{})}
	c.close = func() {
		_ = chromedp.Cancel(ctx)
		cancel()
		cancelAlloc()
	}
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal("starting Chromium: ", err)
	}
	return c
}

// tab opens a page in a tab of its own.
func (c *chromium) tab(t testing.TB, url string) context.Context {
	t.Helper()
	ctx, _ := chromedp.NewContext(c.ctx)
	check(t, chromedp.Do(ctx, chromedp.Navigate(url)))
	return ctx
}

// startTrace begins to record the marks of all pages and workers.
func (c *chromium) startTrace(t testing.TB, tab context.Context) {
	t.Helper()
	c.trace = tab
	check(t, chromedp.Listen(tab, func(event any) {
		switch e := event.(type) {
		case *tracing.EventDataCollected:
			c.collect(e)
		case *tracing.EventTracingComplete:
			close(c.ended)
		}
	}))
	_, err := chromedp.Run(tab, call(tracing.Start, tracing.StartParams{
		TransferMode: tracing.StartTransferModeReportEvents,
		TraceConfig:  &tracing.TraceConfig{IncludedCategories: []string{"blink.user_timing"}, ExcludedCategories: []string{"*"}},
	}))
	check(t, err)
}

// call is a command of the DevTools protocol as an action.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[R] {
	return func(ctx context.Context, t *chromedp.Target) (R, error) { return cdp.Call(ctx, t, command, params) }
}

func (c *chromium) collect(e *tracing.EventDataCollected) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range e.Value {
		var m mark
		if json.Unmarshal(v, &m) == nil && strings.Contains(m.Name, ":") {
			c.marks = append(c.marks, m)
		}
	}
}

// endTrace returns what was marked.
func (c *chromium) endTrace(t testing.TB) []mark {
	t.Helper()
	_, err := chromedp.Run(c.trace, call(tracing.End, cdp.Empty{}))
	check(t, err)
	select {
	case <-c.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("the trace does not end")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.marks
}

// evaluate runs JavaScript, waits for its promise and decodes its result.
func evaluate(t testing.TB, tab context.Context, js string, result any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(tab, 20*time.Second)
	defer cancel()
	wrapped := fmt.Sprintf("(async () => JSON.stringify(await (%s) ?? null))()", js)
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](wrapped, chromedp.EvalAwaitPromise))
	check(t, err)
	check(t, json.Unmarshal([]byte(text), result))
}

// lands waits for a condition in a tab that is about to go on to another page.
func lands(t testing.TB, tab context.Context, cond string) {
	t.Helper()
	eventually(t, cond, func() bool {
		yes, err := chromedp.Run(tab, chromedp.Evaluate[bool](cond)) // fails in between
		return err == nil && yes || !pause(tab, 20*time.Millisecond)
	})
}

// sessionAt turns CLOCK_MONOTONIC into the server's true session time.
func sessionAt(t testing.TB, source *clock.Source) func(monotonic time.Duration) clock.SessionTime {
	t.Helper()
	best, shift := time.Hour, time.Duration(0)
	for range 200 {
		before := source.Now()
		var ts unix.Timespec
		check(t, unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts))
		after := source.Now()
		if width := after.Sub(before); width < best {
			best, shift = width, time.Duration(int64(before)+int64(width)/2-ts.Nano())
		}
	}
	return func(monotonic time.Duration) clock.SessionTime { return clock.SessionTime(monotonic + shift) }
}

// artefact keeps a picture for whoever wants to look at it.
func artefact(t testing.TB, name string, picture []byte) {
	t.Helper()
	dir := filepath.Join("..", "artefacts")
	check(t, os.MkdirAll(dir, 0o755))
	check(t, os.WriteFile(filepath.Join(dir, name), picture, 0o644))
}
