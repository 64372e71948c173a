package server

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/disks"
	"github.com/downbeat-sync/downbeat/objects"
)

// bucketTime is how long the S3 server may take to answer at the start.
const bucketTime = 20 * time.Second

// openBucket looks at where recordings are kept, if that is a bucket.
func (s *Server) openBucket(ctx context.Context) error {
	if s.cfg.Files == "" {
		return nil
	}
	at, err := objects.Parse(s.cfg.Files)
	if err != nil {
		return wrong("{Files}: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, bucketTime)
	defer cancel()
	if s.bucket, err = objects.Open(ctx, at); err != nil {
		return taken("{Files}, bucket %s: %w", at.Bucket, err)
	}
	return nil
}

// nameOfBucket is the disk that a bucket is: the first instance that comes gives it a name.
func nameOfBucket(ctx context.Context, b *objects.Bucket) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, bucketTime)
	defer cancel()
	body, _, err := b.Get(ctx, diskFile)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err = b.Put(ctx, diskFile, []byte(disks.NewName()+"\n"), ""); err == nil || errors.Is(err, objects.ErrChanged) {
			body, _, err = b.Get(ctx, diskFile)
		}
	}
	name := strings.TrimSpace(string(body))
	if err == nil && !disks.IsName(name) {
		err = taken("{Files}: the object %s is damaged; restore it, or remove it: recordings that are in the bucket can't be found then", diskFile)
	}
	return name, err
}
