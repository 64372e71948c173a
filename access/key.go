package access

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// NewKey returns 130 unpredictable bits as letters and digits.
func NewKey() string { return rand.Text() }

// KeptKey returns the admin key that is kept in a directory, and makes one at
// the first time. Only its owner may read the file.
func KeptKey(dir string) (string, error) {
	name := filepath.Join(dir, "admin.key")
	b, err := os.ReadFile(name)
	switch {
	case err == nil:
		return strings.TrimSpace(string(b)), nil
	case !errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("access: the admin key: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("access: the admin key: %w", err)
	}
	key := NewKey()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", fmt.Errorf("access: the admin key: %w", err)
	}
	_, err = f.WriteString(key + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("access: the admin key: %w", err)
	}
	return key, nil
}
