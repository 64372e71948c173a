package takes

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/downbeat-sync/downbeat/internal/atomicfile"
	"github.com/downbeat-sync/downbeat/objects"
)

// Beside is where the files of takes are, and manifests are put beside them.
type Beside interface {
	// Put writes the manifest of the take whose files are below dir, such as recordings/SESSION/TAKE,
	// if it has any and if that changes something.
	Put(ctx context.Context, dir string, manifest []byte) error
}

// Directory is a directory that has recordings/SESSION/TAKE.
type Directory string

// Put implements Beside.
func (d Directory) Put(_ context.Context, dir string, manifest []byte) error {
	dir = filepath.Join(string(d), filepath.FromSlash(dir))
	if _, err := os.Stat(dir); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}
	name := filepath.Join(dir, ManifestName)
	if before, err := os.ReadFile(name); err == nil && bytes.Equal(before, manifest) {
		return nil
	}
	if err := atomicfile.Write(name, 0o640, manifest); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil // the take was deleted meanwhile
}

// Bucket is a bucket whose objects are recordings/SESSION/TAKE/…, which several instances write.
type Bucket struct{ *objects.Bucket }

// Put implements Beside. What another instance has written meanwhile stays: it is told of the change
// as well.
func (b Bucket) Put(ctx context.Context, dir string, manifest []byte) error {
	name := dir + "/" + ManifestName
	before, tag, err := b.Get(ctx, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if files, err := b.List(ctx, dir+"/"); err != nil || len(files) == 0 {
			return err
		}
	case err != nil || bytes.Equal(before, manifest):
		return err
	}
	if _, err = b.Bucket.Put(ctx, name, manifest, tag); errors.Is(err, objects.ErrChanged) {
		return nil
	}
	return err
}
