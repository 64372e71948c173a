package main

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
	sent     atomic.Int64 // bytes that arrived
	mu       sync.Mutex
	made     int
	requests int
	last     string // the offset of the last cut
}

func (c *cutter) wrap(product http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			r.Body = &cutBody{ReadCloser: r.Body, c: c, left: 8000, cut: c.next(r.Header.Get("Upload-Offset"))}
		}
		product.ServeHTTP(w, r)
		if b, ok := r.Body.(*cutBody); ok && b.broken {
			panic(http.ErrAbortHandler)
		}
	})
}

func (c *cutter) next(offset string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	if c.made == c.cuts || offset == c.last {
		return false
	}
	c.made++
	c.last = offset
	return true
}

type cutBody struct {
	io.ReadCloser
	c           *cutter
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
	b.c.sent.Add(int64(n))
	return n, err
}

// TestRecorderUploadsThroughCuts: five requests break off in the middle while a
// take is recorded and uploaded; the file arrives whole, and no more than two requests' worth of bytes twice.
func TestRecorderUploadsThroughCuts(t *testing.T) {
	c := &cutter{cuts: 5}
	s := newRecordingStage(t, c.wrap, fakeCamera...)
	p := s.device("mute")
	s.take("cut", 3*time.Second)
	r := s.recordings(1)[0]
	if r.UploadStatus != "uploaded" {
		t.Fatalf("%s; troubles %v", asJSON(r), p.troubles())
	}
	s.hashed(r)
	again := c.sent.Load() - *r.FileSizeBytes
	t.Logf("%d bytes in %d requests of which %d were cut; %d bytes twice", *r.FileSizeBytes, c.requests, c.made, again)
	const request = 4 << 20 // the most that one brings
	if c.made < 5 || again > 2*request {
		t.Errorf("%d cuts, %d bytes sent again", c.made, again)
	}
}
