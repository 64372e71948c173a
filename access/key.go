package access

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// leastKey is the least number of bytes of an admin key.
const leastKey = 16

// NewKey returns 130 unpredictable bits as letters and digits.
func NewKey() string { return rand.Text() }

// KeptKey returns the admin key that is kept in a directory, and makes one at
// the first time. Only its owner may read the file. Two calls must not overlap.
func KeptKey(dir string) (string, error) {
	name := filepath.Join(dir, "admin.key")
	b, err := os.ReadFile(name)
	key := strings.TrimSpace(string(b))
	if errors.Is(err, os.ErrNotExist) {
		key = NewKey()
		err = keep(name, key)
	}
	if err != nil {
		return "", fmt.Errorf("access: the admin key: %w", err)
	}
	if len(key) < leastKey {
		return "", fmt.Errorf("access: the admin key in %s is damaged; remove the file to have a new one", name)
	}
	return key, nil
}

// keep writes the whole of a key or nothing, and returns once it is on the disk.
func keep(name, key string) error {
	f, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(key + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(name+".new", name); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
