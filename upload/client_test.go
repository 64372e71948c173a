package upload_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/downbeat-sync/downbeat/upload"
)

func send(to string, f upload.File, r io.ReadSeeker) error {
	h := &http.Client{Transport: &http.Transport{}}
	defer h.CloseIdleConnections()
	return (&upload.Client{URL: "http://" + to, HTTP: h}).Send(context.Background(), f, r)
}

// TestClient sends over a way that breaks to a server that is killed.
func TestClient(t *testing.T) {
	const mb = 1 << 20
	c, want := newChild(t), random(50*mb)
	w := newWire(t, c.to, mb, 10*mb, 20*mb)
	sent := make(chan error, 1)
	go func() {
		f := upload.File{RecordingID: "rec1", Name: "a.webm", Type: "video/webm", Size: int64(len(want))}
		sent <- send(w.Addr().String(), f, bytes.NewReader(want))
	}()
	until(t, func() bool { return w.carried.Load() > 30*mb })
	c.kill()
	c.start()
	w.lead(c.to)
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	c.gather()
	c.arrived(want)
}

// TestClientShowsItsKey, and doesn't go on without one.
func TestClientShowsItsKey(t *testing.T) {
	w := newWorld(t)
	guarded := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.Header.Get("Authorization") != "Bearer sesame" {
			http.Error(rw, `{"success":false,"error":{"code":"bad_key","message":"no"}}`, http.StatusForbidden)
			return
		}
		w.uploads.ServeHTTP(rw, r)
	}))
	defer guarded.Close()
	want := random(1000)
	c := upload.Client{URL: guarded.URL, HTTP: guarded.Client()}
	f := upload.File{RecordingID: "rec1", Name: "a.webm", Size: 1000}
	var refused *upload.Error
	if err := c.Send(t.Context(), f, bytes.NewReader(want)); !errors.As(err, &refused) || refused.Code != "bad_key" {
		t.Fatal(err)
	}
	c.Secrets = []string{"open", "sesame"}
	if err := c.Send(t.Context(), f, bytes.NewReader(want)); err != nil {
		t.Fatal(err)
	}
	w.arrived(want)
}

// TestClientBeginsAgain where a server has forgotten the upload, whichever request hears of it.
func TestClientBeginsAgain(t *testing.T) {
	w, want := newWorld(t), random(1000)
	forgetful := map[string]int{http.MethodPatch: 2, http.MethodHead: 2}
	front := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if forgetful[r.Method] > 0 {
			forgetful[r.Method]--
			rw.WriteHeader(http.StatusNotFound)
			if r.Method != http.MethodHead {
				_, _ = io.WriteString(rw, `{"success":false,"error":{"code":"unknown_upload","message":"gone"}}`)
			}
			return
		}
		w.uploads.ServeHTTP(rw, r)
	}))
	defer front.Close()
	c := upload.Client{URL: front.URL, HTTP: front.Client()}
	if err := c.Send(t.Context(), upload.File{RecordingID: "rec1", Name: "a.webm", Type: "video/webm", Size: 1000}, bytes.NewReader(want)); err != nil {
		t.Fatal(err)
	}
	w.arrived(want)
}

func TestClientGivesUp(t *testing.T) {
	w := newWorld(t, func(c *upload.Config) { c.MaxSize = 100 })
	to := w.http.Listener.Addr().String()
	for name, c := range map[string]struct {
		file upload.File
		have io.ReadSeeker
		code string
		err  error
	}{
		"unknown":    {upload.File{RecordingID: "stranger", Size: 1}, bytes.NewReader([]byte("x")), "unknown_recording", nil},
		"too large":  {upload.File{RecordingID: "rec1", Size: 101}, bytes.NewReader(make([]byte, 101)), "upload_too_large", nil},
		"too short":  {upload.File{RecordingID: "rec1", Size: 50}, bytes.NewReader(make([]byte, 40)), "", io.ErrUnexpectedEOF},
		"unreadable": {upload.File{RecordingID: "rec1", Size: 50}, (*os.File)(nil), "", os.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			err := send(to, c.file, c.have)
			var refused *upload.Error
			if c.err != nil && !errors.Is(err, c.err) || c.code != "" && (!errors.As(err, &refused) || refused.Code != c.code) {
				t.Fatal(err)
			}
		})
	}
}

// TestClientGoesOnElsewhere: where an instance doesn't answer any more the next one is asked, which goes on with
// what has come.
func TestClientGoesOnElsewhere(t *testing.T) {
	const mb = 1 << 20
	c, want := newChild(t), random(30*mb)
	w := newWire(t, c.to, 10*mb)
	from := w.Addr().String()
	h := &http.Client{Transport: &http.Transport{}}
	defer h.CloseIdleConnections()
	client := upload.Client{URL: "http://" + from, URLs: []string{"http://127.0.0.1:1", "http://" + c.to}, HTTP: h}
	sent := make(chan error, 1)
	go func() {
		f := upload.File{RecordingID: "rec1", Name: "a.webm", Type: "video/webm", Size: int64(len(want))}
		sent <- client.Send(context.Background(), f, bytes.NewReader(want))
	}()
	until(t, func() bool { return w.carried.Load() > 0 })
	_ = w.Close() // the connection that there is goes on until it is cut
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if n := w.carried.Load(); n > 11*mb {
		t.Errorf("%d bytes took the way that was cut", n)
	}
	c.gather()
	c.arrived(want)
}
