package access

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/downbeat-sync/downbeat/internal/atomicfile"
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
		err = atomicfile.Write(name, 0o600, []byte(key+"\n"))
	}
	if err != nil {
		return "", fmt.Errorf("access: the admin key: %w", err)
	}
	if len(key) < leastKey {
		return "", fmt.Errorf("access: the admin key in %s is damaged; remove the file to have a new one", name)
	}
	return key, nil
}
