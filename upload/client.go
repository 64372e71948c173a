package upload

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/internal/pause"
)

// Client sends files to a [Server]. Its methods are safe for concurrent use.
type Client struct {
	URL  string       // of the server, http or https
	URLs []string     // of further instances of the same service: the next one is asked where one doesn't answer
	HTTP *http.Client // default: http.DefaultClient

	// Secrets prove that the file may be uploaded: the resumeToken of the device that recorded, or a
	// key or a token of somebody who may lead. The next one is tried where one is refused.
	Secrets []string
}

// Client's pauses after a failure; they grow until something gets through.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 10 * time.Second
)

// Send uploads the f.Size bytes of r and returns once the server has them on
// its disk. It comes back after lost connections and restarts of the server,
// and goes on where the server is, until ctx ends. A refusal is an [Error].
func (c *Client) Send(ctx context.Context, f File, r io.ReadSeeker) error {
	s := sending{client: c, file: f, from: r, secrets: c.Secrets, bases: c.bases()}
	for wait := firstPause; ; wait = min(2*wait, maxPause) {
		before := s.offset
		done, err := s.step(ctx)
		if done {
			return nil
		}
		if s.offset > before {
			wait = firstPause
		}
		if unanswered(err) {
			s.bases = append(s.bases[1:], s.bases[0])
		}
		if s.at != "" && gone(err) {
			s.at = "" // it is begun again
			err = nil
		}
		if denied(err) && len(s.secrets) > 1 {
			s.secrets = s.secrets[1:]
			continue
		}
		if final(err) {
			return fmt.Errorf("uploading recording %s: %w", f.RecordingID, err)
		}
		if (err != nil || s.offset == before) && !pause.For(ctx, wait/2+rand.N(wait/2)) {
			return fmt.Errorf("uploading recording %s: %w", f.RecordingID, errors.Join(ctx.Err(), err))
		}
	}
}

// final tells whether trying again is in vain.
func final(err error) bool {
	var refused *Error
	var source *sourceError
	switch {
	case errors.As(err, &source):
		return true
	case !errors.As(err, &refused):
		return false
	}
	switch refused.Status {
	case http.StatusConflict:
		return refused.Code == errAlready.Code
	case http.StatusLocked, http.StatusTooManyRequests:
		return false
	}
	return refused.Status < 500 && refused.Code != errBody.Code
}

// bases returns the addresses below which the API is.
func (c *Client) bases() (all []string) {
	for _, u := range append([]string{c.URL}, c.URLs...) {
		all = append(all, strings.TrimSuffix(u, "/"))
	}
	return all
}

// unanswered tells whether another instance may do better.
func unanswered(err error) bool {
	var refused *Error
	var source *sourceError
	switch {
	case err == nil, errors.As(err, &source):
		return false
	case errors.As(err, &refused):
		return refused.Status >= 500 && refused.Status != http.StatusInsufficientStorage
	}
	return true
}

// denied tells whether another secret may help.
func denied(err error) bool {
	var refused *Error
	return errors.As(err, &refused) && (refused.Status == http.StatusUnauthorized || refused.Status == http.StatusForbidden)
}

// sending is one file on its way.
type sending struct {
	client  *Client
	secrets []string // the first one is used
	file    File
	from    io.ReadSeeker
	bases   []string // the first one is used
	at      string   // the upload's URL, or what of it is behind a base; empty until it is created
	offset  int64    // what the server has, as far as known
}

// step does what comes next: create, or ask how far the server is and go on
// from there.
func (s *sending) step(ctx context.Context) (done bool, err error) {
	if s.at == "" {
		if err := s.create(ctx); err != nil {
			return false, err
		}
	}
	if err := s.ask(ctx); err != nil {
		return false, err
	}
	if s.offset < s.file.Size {
		err = s.patch(ctx)
	}
	return err == nil && s.offset == s.file.Size, err
}

func (s *sending) create(ctx context.Context) error {
	h := http.Header{"Upload-Length": {strconv.FormatInt(s.file.Size, 10)}, "Upload-Metadata": {s.file.metadata()}}
	base := s.bases[0] + "/api/uploads/"
	res, err := s.do(ctx, http.MethodPost, base, h, nil, 0)
	if err != nil {
		return err
	}
	at, err := url.Parse(base)
	if err == nil {
		at, err = at.Parse(res.Get("Location"))
	}
	if err != nil {
		return fmt.Errorf("address of the upload: %w", err)
	}
	s.at, s.offset = at.String(), 0
	if behind, below := strings.CutPrefix(s.at, s.bases[0]+"/"); below {
		s.at = "/" + behind
	}
	return nil
}

// where is the upload's URL at the instance in use.
func (s *sending) where() string {
	if strings.HasPrefix(s.at, "/") {
		return s.bases[0] + s.at
	}
	return s.at
}

func (f File) metadata() string {
	b := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	return "recordingId " + b(f.RecordingID) + ",filename " + b(f.Name) + ",filetype " + b(f.Type)
}

// gone tells whether the server doesn't know the upload. A HEAD has no code.
func gone(err error) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Status == http.StatusNotFound && (refused.Code == errUnknown.Code || refused.Code == "")
}

// ask learns how far the server is.
func (s *sending) ask(ctx context.Context) error {
	h, err := s.do(ctx, http.MethodHead, s.where(), nil, nil, 0)
	if err != nil {
		return err
	}
	return s.progress(h)
}

func (s *sending) progress(h http.Header) error {
	n, ok := parseSize(h.Get("Upload-Offset"))
	if !ok || n > s.file.Size {
		return fmt.Errorf("the server is at %q of %d bytes", h.Get("Upload-Offset"), s.file.Size)
	}
	s.offset = n
	return nil
}

func (s *sending) patch(ctx context.Context) error {
	if _, err := s.from.Seek(s.offset, io.SeekStart); err != nil {
		return &sourceError{err}
	}
	left := s.file.Size - s.offset
	body := &source{r: io.LimitReader(s.from, left)}
	h := http.Header{"Content-Type": {bytesType}, "Upload-Offset": {strconv.FormatInt(s.offset, 10)}}
	res, err := s.do(ctx, http.MethodPatch, s.where(), h, body, left)
	if failed := body.end(left); failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	return s.progress(res)
}

// do sends a request and returns the headers of its answer, or the server's
// refusal.
func (s *sending) do(ctx context.Context, method, to string, h http.Header, body io.Reader, length int64) (http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, method, to, body)
	if err != nil {
		return nil, err
	}
	if h != nil {
		req.Header = h
	}
	req.Header.Set("Tus-Resumable", tusVersion)
	if len(s.secrets) > 0 {
		req.Header.Set("Authorization", "Bearer "+s.secrets[0])
	}
	req.ContentLength = length
	res, err := cmp.Or(s.client.HTTP, http.DefaultClient).Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode < 300 {
		return res.Header, nil
	}
	b, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	var answer struct {
		Error struct{ Code, Message string }
	}
	_ = json.NewDecoder(bytes.NewReader(b)).Decode(&answer)
	return nil, &Error{res.StatusCode, answer.Error.Code, cmp.Or(answer.Error.Message, res.Status)}
}

// source is the body of one request. It can be ended while somebody still
// reads, so that the file can be read for the next one.
type source struct {
	mu     sync.Mutex
	r      io.Reader
	n      int64
	failed error
	ended  bool
}

func (b *source) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return 0, io.ErrClosedPipe
	}
	n, err := b.r.Read(p)
	b.n += int64(n)
	if err != nil {
		b.failed = err
	}
	return n, err
}

// end stops the reading, and tells whether the file itself failed, or had fewer
// bytes than it should.
func (b *source) end(want int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	switch {
	case b.failed == nil, b.failed == io.EOF && b.n == want:
		return nil
	case b.failed == io.EOF:
		return &sourceError{io.ErrUnexpectedEOF}
	}
	return &sourceError{b.failed}
}

// sourceError is a failure of what is to be sent.
type sourceError struct{ error }

func (e *sourceError) Unwrap() error { return e.error }
