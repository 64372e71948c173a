//go:build !linux && !darwin

package upload

import "math"

// freeBytes doesn't know here: a full disk is met when it is written to.
func freeBytes(string) (int64, error) { return math.MaxInt64, nil }
