package wire

import "slices"

// Codes with which the server closes a WebSocket; others are those of RFC 6455.
const (
	CloseReplaced    = 4001 // the same device joined over another connection
	CloseAbuse       = 4002 // too many faulty messages
	CloseJoinTimeout = 4003 // no join_session within 5 s
	CloseSlowReader  = 4004 // the queue ran full, in messages or in bytes
	CloseLeft        = 4005 // the device asked to leave
	CloseRefused     = 4006 // join_session was refused
	CloseRemoved     = 4007 // the leader removed the device
	CloseEnded       = 4008 // the leader ended the session
)

// Close is how the server ends a connection.
type Close struct {
	Code   int
	Reason string // of the close frame
	Final  bool   // a client doesn't come back by itself
}

var closes = []Close{
	{CloseReplaced, "replaced", true},
	{CloseAbuse, "too many faulty messages", true},
	{CloseJoinTimeout, "join_timeout", false},
	{CloseSlowReader, "slow_reader", false},
	{CloseLeft, "left", true},
	{CloseRefused, "join refused", true},
	{CloseRemoved, "removed", true},
	{CloseEnded, "ended", true},
}

// Closes lists how the server ends connections.
func Closes() []Close { return slices.Clone(closes) }

// ReasonOf returns the reason that goes with a close code.
func ReasonOf(code int) string {
	i := slices.IndexFunc(closes, func(c Close) bool { return c.Code == code })
	if i < 0 {
		return ""
	}
	return closes[i].Reason
}
