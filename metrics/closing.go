package metrics

import (
	"slices"
	"strconv"
)

// closeCodes are the codes of WebSocket that the protocol knows, and 1005 and 1006 for a close
// frame without a code and a connection without a close frame. Clients may send any other.
var closeCodes = []int{1000, 1001, 1005, 1006, 1009, 4001, 4002, 4003, 4004, 4005, 4006, 4007, 4008}

// closeCode is the label of a close code.
func closeCode(code int) string {
	if slices.Contains(closeCodes, code) {
		return strconv.Itoa(code)
	}
	return "other"
}
