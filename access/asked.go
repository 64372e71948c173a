package access

import (
	"context"
	"net/http"
	"net/netip"
)

type askedKey struct{}

// WithAsked returns the request with what [Forwarded] says of it, for [AskedOf]: it is worked out
// once, however many look at it.
func WithAsked(r *http.Request, trusted []netip.Prefix) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), askedKey{}, Forwarded(r, trusted)))
}

// AskedOf returns what [WithAsked] has found; where nothing has, no proxy is trusted.
func AskedOf(r *http.Request) Asked {
	if asked, ok := r.Context().Value(askedKey{}).(Asked); ok {
		return asked
	}
	return Forwarded(r, nil)
}
