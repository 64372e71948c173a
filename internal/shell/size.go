package shell

import (
	"fmt"
	"math"
	"strings"

	"github.com/dustin/go-humanize"
)

// Size is a number of bytes as people write it.
type Size int64

// UnmarshalText reads bytes, or a number with a unit.
func (s *Size) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	last := strings.ToLower(string(text[max(0, len(text)-1):]))
	// "64G" is left out: it is 64 GB for some and 64 GiB for others.
	if err != nil || n > math.MaxInt64 || !strings.Contains("0123456789b", last) {
		return fmt.Errorf("%q is no size: write bytes (1073741824) or a unit: KiB, MiB, GiB, TiB of 1024, kB, MB, GB, TB of 1000", text)
	}
	*s = Size(n)
	return nil
}
