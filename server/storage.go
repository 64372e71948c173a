package server

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/downbeat-sync/downbeat/api"
	"github.com/downbeat-sync/downbeat/objects"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/takes"
	"github.com/downbeat-sync/downbeat/upload"
)

// storage is where recordings are kept; nil where the server has neither a directory nor a bucket.
type storage struct {
	uploads   *upload.Server
	manifests *takes.Writer
	bucket    *objects.Bucket // nil: a directory
	dir       string          // empty: a bucket
	forget    bool            // the files of sessions that are removed
}

func (s *Server) newStorage() (*storage, error) {
	cfg := &s.cfg
	if cfg.Data == "" && s.bucket == nil {
		return nil, nil
	}
	dir, beside := cfg.Data, takes.Beside(takes.Directory(cfg.Data))
	if s.bucket != nil {
		dir, beside = "", takes.Bucket{Bucket: s.bucket}
	}
	belongs := recordings{s.sessions, s.disk()}
	uploads, err := upload.New(upload.Config{
		Dir: dir, Bucket: s.bucket, Disk: s.disk(), Recordings: belongs, Rewrite: belongs.rewrite, MaxSize: cfg.UploadMax, Reserve: cfg.DiskReserve,
		Now: func() time.Time { return time.Unix(0, int64(s.clock.Now())) }, Log: s.log,
		Observe: uploadObserver{s.observer},
	})
	if err != nil {
		return nil, err
	}
	return &storage{uploads, &takes.Writer{Sessions: s.sessions, To: beside, Log: s.log}, s.bucket, dir, cfg.ForgetRecordings}, nil
}

// takesIn returns what takes recordings in, as signaling needs it.
func (s *storage) takesIn() api.Uploads {
	if s == nil {
		return nil
	}
	return takenIn{s.uploads}
}

// full returns whether the disk has too little room for recordings, as signaling needs it.
func (s *storage) full() func() bool {
	if s == nil || s.bucket != nil {
		return nil
	}
	return func() bool {
		space, err := s.uploads.Space()
		return err != nil || space.Free < space.Reserve
	}
}

// files returns what this instance reaches of the recordings, as the API needs it.
func (s *Server) files() api.Files {
	switch {
	case s.storage != nil:
		return keptFiles{s.storage.uploads, s.storage.dir, s.storage.bucket, s.disks}
	case s.disks != nil:
		return keptFiles{others: s.disks}
	}
	return nil
}

func (s *storage) run(ctx context.Context, sessions *session.Service, log *slog.Logger) error {
	if s == nil {
		return nil
	}
	var group errgroup.Group
	if s.forget {
		group.Go(func() error {
			sessions.WatchRemoved(ctx, func(id string) {
				if err := s.uploads.Forget(id); err != nil {
					log.Error("files_not_removed", "session", id, "err", err)
				}
			})
			return nil
		})
	}
	group.Go(func() error {
		sessions.WatchDeleted(ctx, func(sessionID, takeID string) {
			if err := s.uploads.ForgetTake(sessionID, takeID); err != nil {
				log.Error("files_not_removed", "session", sessionID, "take", takeID, "err", err)
			}
		})
		return nil
	})
	group.Go(func() error { return s.uploads.Run(ctx) })
	if s.bucket == nil {
		group.Go(func() error { watchDisk(ctx, s.uploads.Space, log); return nil })
	}
	group.Go(func() error { return s.manifests.Run(ctx) })
	return group.Wait()
}

// close returns once what has arrived is on the disk.
func (s *storage) close() {
	if s != nil {
		s.uploads.Close()
	}
}
