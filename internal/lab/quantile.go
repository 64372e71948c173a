package lab

import (
	"math"
	"slices"
)

// Quantile returns the q-quantile of xs, 0 of none.
func Quantile(xs []float64, q float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(xs))
	return s[int(math.Ceil(q*float64(len(s)-1)))]
}
