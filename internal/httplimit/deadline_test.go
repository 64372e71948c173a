package httplimit

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// routes are handlers of each kind.
func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/plain", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	mux.HandleFunc("/silent", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/reads", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) })
	mux.Handle("/upload", Upload(time.Minute, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = w.Write(b)
	})))
	mux.HandleFunc("/film", func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(Stream(w, time.Minute), strings.NewReader(strings.Repeat("x", 4<<20)))
		if err == nil && r.Context().Err() != nil {
			panic("the request ended before its answer")
		}
	})
	return mux
}

// TestEveryShapeEnds: whatever is left out of a request, it is answered or its connection ends, after
// exactly so long.
func TestEveryShapeEnds(t *testing.T) {
	for name, c := range map[string]struct {
		sends  string
		status int
		after  time.Duration
	}{
		"nothing":                      {"", 0, HeaderTime},
		"half a header":                {"GET /plain HTTP/1.1\r\nHos", 400, HeaderTime},
		"a body that nobody wants":     {"GET /plain HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n", 200, 0},
		"the same, of a large one":     {"POST /plain HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000000\r\n\r\n", 200, 0},
		"the same, in chunks":          {"POST /plain HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 200, 0},
		"the same, half a chunk":       {"POST /plain HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", 200, 0},
		"the same, to be asked for":    {"POST /plain HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n", 200, 0},
		"the same, without any answer": {"POST /silent HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", 200, 0},
		"the same, nothing there":      {"PUT /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", 404, 0},
		"a body that is wanted":        {"POST /reads HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", 400, BodyTime},
		"the same, in chunks ":         {"POST /reads HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", 400, BodyTime},
		"an upload's":                  {"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", 400, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, routes(), func(w *world) {
				began := time.Now()
				there := w.dial("192.0.2.1:1").send(c.sends)
				defer there.Close()
				status, _ := there.answer()
				if took := time.Since(began); status != c.status || took != c.after {
					t.Errorf("answered %d after %v", status, took)
				}
				if took := there.ends(); took > time.Second {
					t.Errorf("the connection stayed for %v", took)
				}
			})
		})
	}
}

// TestBodyThatCame: a connection goes on after a request whose body nobody wanted, if all of it is there.
func TestBodyThatCame(t *testing.T) {
	inBubble(t, Config{}, routes(), func(w *world) {
		c := w.dial("192.0.2.1:1")
		defer c.Close()
		for range 3 {
			c.send("DELETE /plain HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
			if status, body := c.answer(); status != 200 || body != "ok" {
				t.Fatalf("answered %d %q", status, body)
			}
		}
		if took := c.ends(); took != IdleTime {
			t.Errorf("idle for %v", took)
		}
	})
}

// TestUnreadAnswer: an answer that isn't taken ends, and so does one that is taken too slowly.
func TestUnreadAnswer(t *testing.T) {
	for path, after := range map[string]time.Duration{"/large": AnswerTime, "/film": time.Minute} {
		inBubble(t, Config{}, routes(), func(w *world) {
			c := w.dial("192.0.2.1:1").send(get(path))
			defer c.Close()
			time.Sleep(after - 1)
			if !c.isOpen() {
				t.Error(path, "was ended early")
			}
			time.Sleep(time.Millisecond)
			if n, _ := io.Copy(io.Discard, c.read); n > 64<<10 {
				t.Errorf("%s went on: %d bytes", path, n)
			}
		})
	}
}

// TestProgress: what goes on may take long, in either direction.
func TestProgress(t *testing.T) {
	inBubble(t, Config{}, routes(), func(w *world) {
		up := w.dial("192.0.2.1:1").send("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n")
		defer up.Close()
		for range 20 {
			time.Sleep(50 * time.Second)
			up.send("x")
		}
		if status, body := up.answer(); status != 200 || len(body) != 20 {
			t.Errorf("the upload: %d %q", status, body)
		}
		down := w.dial("192.0.2.1:1").send(get("/film"))
		defer down.Close()
		var got int64
		for range 40 {
			time.Sleep(20 * time.Second)
			n, _ := io.CopyN(io.Discard, down.read, 1<<20)
			if got += n; n < 1<<20 {
				break
			}
		}
		if got < 4<<20 {
			t.Errorf("the film: %d bytes", got)
		}
	})
}

// TestEarlyAnswer: an answer's time doesn't begin with what is said before it. HTTP/2 resets a
// stream at once when its time is over.
func TestEarlyAnswer(t *testing.T) {
	w := &noted{ResponseRecorder: httptest.NewRecorder()}
	Upload(time.Minute, http.HandlerFunc(func(to http.ResponseWriter, _ *http.Request) {
		to.WriteHeader(http.StatusEarlyHints)
		if !w.deadline.IsZero() {
			t.Error("the answer must be written by", w.deadline)
		}
		to.WriteHeader(http.StatusOK)
	})).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", http.NoBody))
	if w.deadline.IsZero() {
		t.Error("the answer has no deadline")
	}
}

// noted notes until when an answer must be written.
type noted struct {
	*httptest.ResponseRecorder
	deadline time.Time
}

func (n *noted) SetReadDeadline(time.Time) error { return nil }

func (n *noted) SetWriteDeadline(at time.Time) error {
	n.deadline = at
	return nil
}
