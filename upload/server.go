package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/downbeat-sync/downbeat/disks"
)

// Server takes uploads in, at the path /api/uploads/ and below. It is an
// [http.Handler]; safe for concurrent use. One directory has one Server, a bucket may have several.
type Server struct {
	cfg  Config
	keep keeper

	protocol   http.Handler // tusd's, with this server as its store
	extensions string       // of tus, that it speaks

	ctx     context.Context // ends when the server closes
	cancel  context.CancelFunc
	serving sync.WaitGroup
	busy    atomic.Int64 // requests that are being answered

	mu      sync.Mutex
	closing bool
	all     map[string]*upload
}

// upload is one of them. Who holds its turn may write its record.
type upload struct {
	turn    *turn
	heardAt time.Time // when Recordings was told of it last; who holds the turn may change it

	displaced atomic.Bool // another upload of the recording has its place: it is to be removed

	mu      sync.Mutex // guards what follows
	rec     record
	version string    // of the record, where several Servers write it
	seen    time.Time // when this one saw that version first
	foreign bool      // another Server wrote it
}

func (u *upload) record() record {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.rec
}

// New returns a Server with the uploads that its directory has. It removes
// what a crash has left there of others, and starts nothing: that is Run's.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, all: map[string]*upload{}}
	if s.protocol, err = s.newProtocol(); err != nil {
		return nil, fmt.Errorf("upload: %w", err)
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if s.keep = (&disk{Server: s, parts: filepath.Join(cfg.Dir, "uploads")}); cfg.Bucket != nil {
		s.keep = &bucket{Server: s, bucket: cfg.Bucket}
	}
	if err := s.keep.load(); err != nil {
		s.cancel()
		return nil, fmt.Errorf("upload: %w", err)
	}
	return s, nil
}

// Close interrupts all requests and waits until their bytes are kept.
// New ones are refused.
func (s *Server) Close() {
	s.mu.Lock()
	s.closing = true
	for _, u := range s.all {
		u.turn.interrupt()
	}
	s.mu.Unlock()
	s.serving.Wait()
	s.cancel()
}

// admit counts a request, which must call s.serving.Done.
func (s *Server) admit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.serving.Add(1)
	}
	return !s.closing
}

// Busy is how many requests are being answered, each of which brings bytes or asks for something.
func (s *Server) Busy() int { return int(s.busy.Load()) }

func (s *Server) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// ServeHTTP is Serve for a server whose clients are all alike.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.Serve(w, r, Anybody) }

// Serve answers a request of somebody of that rank. The rank counts where an upload
// is begun: one that has begun has an address that can't be guessed.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, by Rank) {
	h := w.Header()
	h.Set("Tus-Resumable", tusVersion)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	err := error(errClosing)
	if s.admit() {
		s.busy.Add(1)
		defer s.serving.Done()
		defer s.busy.Add(-1)
		err = s.serve(w, r, by)
	}
	if err != nil {
		drain(w, r, err)
		refused := s.refusal(r, err)
		s.cfg.Observe.Refused(r, refused.Code)
		writeError(w, refused)
	}
}

// serve answers a request unless it returns an error.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, by Rank) error {
	if meant := r.Header.Get("X-HTTP-Method-Override"); meant != "" { // tus: the actual method is ignored
		r.Method = strings.ToUpper(meant)
	}
	switch {
	case r.Method == http.MethodOptions:
		s.options(w)
		return nil
	case r.Header.Get("Tus-Resumable") != tusVersion && !isDraft(r):
		w.Header().Set("Tus-Version", tusVersion)
		return errVersion
	}
	q := s.newRequest(w, r, by)
	defer q.end()
	s.protocol.ServeHTTP(q.answer, q.http)
	return q.outcome()
}

// What is read of a body that is refused, so that a client which only sends
// gets to read why.
const (
	drainBytes = 32 << 20
	drainTime  = 2 * time.Second
)

func drain(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errSuperseded) || errors.Is(err, errClosing) || r.Header.Get("Expect") != "" {
		return
	}
	if http.NewResponseController(w).SetReadDeadline(time.Now().Add(drainTime)) == nil {
		_, _ = io.CopyN(io.Discard, r.Body, drainBytes)
	}
}

// find returns an upload that hasn't expired, or errUnknown. Ids are the ones that
// this server makes; whatever else is asked for isn't there.
func (s *Server) find(id string) (*upload, error) {
	if disk, bare := disks.SplitUpload(id); disk == s.cfg.Disk {
		id = bare // as it is alone where it was made before the disk had a name
	}
	if len(id) != 36 || uuid.Validate(id) != nil {
		return nil, errUnknown
	}
	s.mu.Lock()
	u := s.all[id]
	s.mu.Unlock()
	if u == nil {
		var err error
		if u, err = s.keep.lookUp(id); err != nil {
			return nil, err
		}
	}
	if u == nil || u.displaced.Load() || s.cfg.Now().After(u.record().Expires) {
		return nil, errUnknown
	}
	return u, nil
}
