// Package atomicfile replaces files as a whole. After a crash or a power cut
// there is either the file that was there before or all of the new one, and
// once a call has returned it is the new one.
//
// A file is written next to its name, with Temporary at its end, is synced and
// renamed, and the directory is synced. A crash may leave the temporary file
// behind; the next call for the same name replaces it. Two calls for one name
// must not overlap; calls for different names may.
package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Temporary ends the name of a file that is still being written.
const Temporary = ".tmp"

// Write replaces the file called name by one with the content b. A file that
// is there keeps its permissions; a new one gets mode, less the umask. When
// Write fails what was there before is untouched and no temporary file is left,
// but for an error of syncing the directory: then the new file is there, and
// may be gone after a power cut. Errors are those of package os.
func Write(name string, mode fs.FileMode, b []byte) error {
	return WriteFunc(name, mode, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// WriteFunc is Write for content that write makes. An error of write's is
// returned as it is, and nothing is replaced.
func WriteFunc(name string, mode fs.FileMode, write func(io.Writer) error) error {
	temporary := name + Temporary
	err := create(temporary, mode, name, write)
	if err == nil {
		err = os.Rename(temporary, name)
	}
	if err != nil {
		_ = os.Remove(temporary) // the next call tries again
		return err
	}
	return SyncDir(filepath.Dir(name))
}

// create writes a file, with the permissions of the one called like if there is one.
func create(name string, mode fs.FileMode, like string, write func(io.Writer) error) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // a file of before a crash may be open to others than mode says
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if info, statErr := os.Stat(like); statErr == nil {
		err = f.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = write(f)
	}
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// SyncDir makes what was created, renamed or removed in a directory persistent.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
