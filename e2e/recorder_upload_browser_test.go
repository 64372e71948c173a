package e2e

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// cutter breaks the connection of the first requests that bring new bytes, each
// after some of them. Chromium itself sends such a request once more, which is let through.
type cutter struct {
	cuts     int
	own      atomic.Int64 // bytes that arrived of the recorder's requests
	repeated atomic.Int64 // and of those that Chromium sent once more
	mu       sync.Mutex
	made     int
	requests int
	last     string // the offset of the last cut
}

func (c *cutter) wrap(product http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			cut, count := c.next(r.Header.Get("Upload-Offset"))
			r.Body = &cutBody{ReadCloser: r.Body, count: count, left: 8000, cut: cut}
		}
		product.ServeHTTP(w, r)
		if b, ok := r.Body.(*cutBody); ok && b.broken {
			panic(http.ErrAbortHandler)
		}
	})
}

// next decides on a request from an offset on, and says where to count its bytes.
func (c *cutter) next(offset string) (cut bool, count *atomic.Int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	if offset == c.last {
		return false, &c.repeated
	}
	if c.made == c.cuts {
		return false, &c.own
	}
	c.made++
	c.last = offset
	return true, &c.own
}

type cutBody struct {
	io.ReadCloser
	count       *atomic.Int64
	left        int
	cut, broken bool
}

func (b *cutBody) Read(p []byte) (int, error) {
	if b.cut && b.left <= 0 {
		b.broken = true
		return 0, io.ErrUnexpectedEOF
	}
	if b.cut {
		p = p[:min(len(p), b.left)]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= n
	b.count.Add(int64(n))
	return n, err
}

// throughCuts records a take whose upload breaks off so often, and returns what
// arrived twice: of the recorder's own requests, and of Chromium's.
func throughCuts(t testing.TB, c *cutter, length time.Duration) (own, repeated int64) {
	t.Helper()
	s := newRecordingStage(t, c.wrap, fakeCamera...)
	p := s.device("mute")
	s.take("cut", length)
	r := s.recordings(1)[0]
	if r.UploadStatus != "uploaded" {
		t.Fatalf("%s; troubles %v", asJSON(r), p.troubles())
	}
	s.hashed(r)
	arrived := s.arrived(r)
	t.Logf("%d bytes in %d requests of which %d were cut", arrived, c.requests, c.made)
	return c.own.Load() - arrived, c.repeated.Load()
}

// TestRecorderUploadsThroughCuts: up to five requests break off in the middle while a
// take is recorded and uploaded (as many as a slow machine's frames need, two at least). The file arrives whole, and the recorder sends nothing again
// that the server has.
func TestRecorderUploadsThroughCuts(t *testing.T) {
	c := &cutter{cuts: 5}
	own, repeated := throughCuts(t, c, 4*time.Second)
	t.Logf("%d bytes twice, and %d by Chromium", own, repeated)
	if c.made < 2 || own != 0 {
		t.Errorf("%d cuts, %d bytes sent again", c.made, own)
	}
}

// BenchmarkBrowserUpload: what broken requests cost.
func BenchmarkBrowserUpload(b *testing.B) {
	for b.Loop() {
		own, repeated := throughCuts(b, &cutter{cuts: 5}, 6*time.Second)
		b.ReportMetric(float64(own), "bytes-again")
		b.ReportMetric(float64(repeated), "bytes-again-by-chromium")
	}
}
