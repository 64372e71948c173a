package nats

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/downbeat-sync/downbeat/internal/atomicfile"
)

const (
	formatFile = "downbeat.json" // what a data directory is known by
	lockFile   = "lock"
	storeDir   = "store"
	// What may be there before: it doesn't need the store in the directory.
	recordings = "recordings"
	uploads    = "uploads"
	adminKey   = "admin.key"
	// format counts the ways in which what is stored has been laid out.
	format = 1
)

// about is the content of formatFile.
type about struct {
	Format int `json:"format"`
}

// dataDir is a data directory that is this process's alone.
type dataDir struct {
	path string
	lock *os.File
}

// openDataDir takes a directory, which it makes if there is none. One that isn't
// a data directory, or is a newer program's, is left as it is.
func openDataDir(path string) (*dataDir, error) {
	if err := checkDataDir(path); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	lock, err := takeLock(filepath.Join(path, lockFile))
	if err != nil {
		return nil, fmt.Errorf("the data directory %s: %w", path, err)
	}
	d := &dataDir{path, lock}
	if err := d.label(); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *dataDir) close() error {
	if d == nil {
		return nil
	}
	return d.lock.Close()
}

// checkDataDir refuses what must not be touched.
func checkDataDir(path string) error {
	b, err := os.ReadFile(filepath.Join(path, formatFile))
	if errors.Is(err, fs.ErrNotExist) {
		return checkEmpty(path)
	}
	if err != nil {
		return fmt.Errorf("read the data directory: %w", err)
	}
	var a about
	if err := json.Unmarshal(b, &a); err != nil || a.Format < 1 {
		return fmt.Errorf("the data directory %s is damaged: %s can't be read; restore it from a copy, or give another directory", path, formatFile)
	}
	if a.Format > format {
		return fmt.Errorf("the data directory %s is of format %d, and this program knows format %d: use a newer one", path, a.Format, format)
	}
	return nil
}

// checkEmpty refuses a directory that has something else in it.
func checkEmpty(path string) error {
	files, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the data directory: %w", err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), atomicfile.Temporary) // of a start that was killed
		if !slices.Contains([]string{lockFile, formatFile, recordings, uploads, adminKey}, name) {
			return fmt.Errorf("%s isn't a data directory of Downbeat: it has %s but no %s", path, f.Name(), formatFile)
		}
	}
	return nil
}

// label writes the format's number, the whole of it or nothing.
func (d *dataDir) label() error {
	name := filepath.Join(d.path, formatFile)
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	b, err := json.Marshal(about{format})
	if err != nil {
		return err
	}
	if err := atomicfile.Write(name, 0o600, append(b, '\n')); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
