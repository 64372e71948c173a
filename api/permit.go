package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// What may come from one address: calls a second, and how many at once. Costly calls are those
// that take milliseconds of the processor, or ask the disk.
const (
	callRate    = 100
	callBurst   = 1000
	costlyRate  = 10
	costlyBurst = 100
)

var (
	tooManyRequests = &session.Error{Code: wire.CodeTooManyRequests, Message: "too many requests from this address", Retry: true}
	tooMuchUnread   = &session.Error{Code: wire.CodeTooManyRequests, Message: "too many large answers to this address are still being sent", Retry: true}
)

// permitted refuses a call that isn't allowed.
func (s *Server) permitted(r *http.Request, act access.Act) error {
	addr := access.AskedOf(r).Addr
	if err := s.access.Patience(addr); err != nil {
		return err
	}
	id, secret := r.PathValue("id"), bearer(r)
	err := s.access.Call(act, id, secret)
	if isCode(err, wire.CodeBadKey) && act != access.Rule {
		if is, _ := s.cfg.Sessions.IsCreator(r.Context(), id, secret); is {
			return nil
		}
	}
	s.access.Refused(addr, err)
	return err
}

// byLink reports whether a call relies on a signed link.
func (s *Server) byLink(r *http.Request) bool {
	return s.access.Mode() != access.Open && bearer(r) == "" && access.IsSigned(r.URL.Query())
}

// opened refuses a call whose signed link isn't good.
func (s *Server) opened(r *http.Request) error {
	addr := access.AskedOf(r).Addr
	if err := s.access.Patience(addr); err != nil {
		return err
	}
	err := s.access.Opens(r.URL.Path, r.URL.Query())
	s.access.Refused(addr, err)
	return err
}

// bearer returns the secret that a request carries, empty without one.
func bearer(r *http.Request) string {
	kind, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "bearer") {
		return ""
	}
	return strings.TrimSpace(secret)
}

func isCode(err error, code string) bool {
	var e *session.Error
	return errors.As(err, &e) && e.Code == code
}
