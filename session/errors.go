package session

import (
	"context"
	"errors"

	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

func unavailable(what string, err error) *Error {
	return &Error{Code: wire.CodeUnavailable, Message: what + ": " + causeOf(err), Retry: true}
}

// causeOf says in words for people why something wasn't to be had. What a store says beside is for
// the log of whoever runs it.
func causeOf(err error) string {
	switch {
	case errors.Is(err, store.ErrDiskFull):
		return store.ErrDiskFull.Error()
	case errors.Is(err, errEnded):
		return errEnded.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "it took too long"
	case errors.Is(err, context.Canceled):
		return "it was interrupted"
	}
	return "the store is in trouble"
}

var errEnded = errors.New("it has ended")
