package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/disks"
	"github.com/downbeat-sync/downbeat/objects"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// For how long the instance that has a disk must have been away for what is begun anew to begin here
// instead, and for what was begun there not to be waited for any more.
const (
	insteadAfter = 30 * time.Second
	goneAfter    = 10 * time.Minute
)

var (
	away           = &session.Error{Code: wire.CodeInstanceAway, Message: disks.ErrAway.Error(), Retry: true}
	storageAway    = &session.Error{Code: wire.CodeStorageAway, Message: objects.ErrAway.Error(), Retry: true}
	storageRefused = &session.Error{Code: wire.CodeStorageRefused, Message: "the storage of files refuses this server: whoever runs it must look", Retry: true}
	goneAway       = &session.Error{Code: wire.CodeUnknownUpload, Message: "the instance that keeps this upload has been away for long: begin it again"}
	badInstance    = &session.Error{Code: wire.CodeBadInstance, Message: "no instance on this server's store passes this request on to it now"}
)

type (
	passedOnKey struct{}
	insteadKey  struct{}
)

// passedOn returns what another instance says of the client whose request it passes on.
func passedOn(r *http.Request) (as string, ok bool) {
	as, ok = r.Context().Value(passedOnKey{}).(string)
	return as, ok
}

func isPassedOn(r *http.Request) bool {
	_, ok := passedOn(r)
	return ok
}

// Instead returns the disk in whose place this instance's takes a recording in, empty for none.
func Instead(ctx context.Context) string {
	disk, _ := ctx.Value(insteadKey{}).(string)
	return disk
}

// fromInstance knows the requests that other instances pass on, and refuses those that only say so.
func (s *Server) fromInstance(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.cfg.Instances != nil {
			as, ok, err := s.cfg.Instances.Signed(r)
			if err != nil {
				w.Header().Set(disks.Header, "refused")
				writeError(w, 0, badInstance)
				return
			}
			if ok {
				r = r.WithContext(context.WithValue(r.Context(), passedOnKey{}, as))
			}
		}
		next.ServeHTTP(w, r)
	})
}

// probe proves to another instance that this one has its disk, or tells how far a session's uploads on it are.
func (s *Server) probe(w http.ResponseWriter, r *http.Request) {
	if !isPassedOn(r) {
		writeError(w, 0, badInstance)
		return
	}
	if id := r.URL.Query().Get("session"); id != "" {
		writeJSON(w, http.StatusOK, s.progressHere(id))
		return
	}
	s.cfg.Instances.ServeProbe(w, r)
}

// progressTime is how long other instances may take to tell how far their uploads are.
const progressTime = time.Second

// progressOf asks the instances that have some disks how far a session's uploads there are; those that
// don't answer say nothing.
func (s *Server) progressOf(ctx context.Context, sessionID string, there []string) []map[string]Progress {
	ctx, cancel := context.WithTimeout(ctx, progressTime)
	defer cancel()
	of := make([]map[string]Progress, len(there))
	var asking sync.WaitGroup
	for i, disk := range there {
		asking.Go(func() {
			b, err := s.cfg.Instances.Ask(ctx, disk, disks.ProbePath+"?session="+url.QueryEscape(sessionID))
			if err == nil {
				_ = json.Unmarshal(b, &of[i]) // else nothing is told
			}
		})
	}
	asking.Wait()
	return of
}

// forward passes a request of an upload on to the instance that has it, and reports whether it
// has answered: where it hasn't, the recording is taken in here instead.
func (s *Server) forward(w http.ResponseWriter, r *http.Request, disk string, by Uploader) bool {
	err := s.cfg.Instances.Forward(w, r, disk, words[by], func(w http.ResponseWriter, _ error) { refuseAway(w, away) })
	if err == nil {
		return true
	}
	absent := s.cfg.Instances.Absent(disk)
	switch {
	case r.Method == http.MethodPost && absent >= insteadAfter:
		return false
	case r.Method != http.MethodPost && absent >= goneAfter:
		refuseAway(w, goneAway)
	default:
		refuseAway(w, away)
	}
	return true
}

func refuseAway(w http.ResponseWriter, err error) {
	w.Header().Set("Tus-Resumable", "1.0.0")
	w.Header().Set("Retry-After", "1")
	writeError(w, 0, err)
}

// diskOf returns the disk that the upload at a path is on, empty for none that is named.
func diskOf(path string) string {
	path = strings.TrimRight(path, "/")
	disk, _ := disks.SplitUpload(path[strings.LastIndexByte(path, '/')+1:])
	return disk
}

// words are how instances tell each other who uploads.
var words = map[Uploader]string{ByAnybody: "anybody", ByLeader: "leader", ByRecorder: "recorder"}

// uploaderIn is the inverse of words.
func uploaderIn(word string) Uploader {
	for by, w := range words {
		if w == word {
			return by
		}
	}
	return ByAnybody
}
