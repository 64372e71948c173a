//go:build !unix

package nats

import (
	"math"
	"os"
)

// takeLock opens the file; there is no lock that ends with the process here.
func takeLock(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
}

// freeSpace doesn't know.
func freeSpace(string) (uint64, error) { return math.MaxUint64, nil }
