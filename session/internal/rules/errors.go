package rules

import (
	"fmt"
)

// Error is a request's failure as the protocol's error event says it. Callers
// find it with errors.As; all requests of this package fail with one.
type Error struct {
	Code    string // one of wire's codes
	Message string // for people
	Retry   bool   // whether the same request may succeed later
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Fault returns a refusal that trying again doesn't help.
func Fault(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
