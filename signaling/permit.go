package signaling

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// What may come from one address: calls and connections a second, wrong keys
// and tokens a second, each with how many at once, and open connections. Costly calls are those
// that take milliseconds of the processor, or ask the disk.
const (
	callRate       = 100
	callBurst      = 1000
	costlyRate     = 10
	costlyBurst    = 100
	failureRate    = 1
	failureBurst   = 30
	maxConnections = 1200
)

var (
	tooManyRequests    = &session.Error{Code: wire.CodeTooManyRequests, Message: "too many requests from this address", Retry: true}
	tooMuchUnread      = &session.Error{Code: wire.CodeTooManyRequests, Message: "too many large answers to this address are still being sent", Retry: true}
	tooManyConnections = &session.Error{Code: wire.CodeTooManyConnections, Message: "too many connections from this address", Retry: true}
	tooManyAttempts    = &session.Error{Code: wire.CodeTooManyAttempts, Message: "too many wrong keys from this address; wait a minute", Retry: true}
)

// claim counts a connection of an address, unless it or all together have as many as they
// may; unclaim is the counterpart.
func (s *Server) claim(addr netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := access.Network(addr)
	if s.count[at] >= s.perAddress || s.cfg.WebSockets > 0 && s.claimed >= s.cfg.WebSockets {
		return false
	}
	s.count[at]++
	s.claimed++
	return true
}

func (s *Server) unclaim(addr netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := access.Network(addr)
	s.claimed--
	if s.count[at]--; s.count[at] == 0 {
		delete(s.count, at)
	}
}

// permitted refuses a call that isn't allowed.
func (s *Server) permitted(r *http.Request, act access.Act) error {
	addr := access.Address(r, s.cfg.Proxies)
	if s.guessedTooOften(addr) {
		return tooManyAttempts
	}
	id, secret := r.PathValue("id"), bearer(r)
	err := s.access.Call(act, id, secret)
	if isCode(err, wire.CodeBadKey) && act != access.Rule {
		if is, _ := s.cfg.Sessions.IsCreator(r.Context(), id, secret); is {
			return nil
		}
	}
	s.failed(addr, err)
	return err
}

// byLink reports whether a call relies on a signed link.
func (s *Server) byLink(r *http.Request) bool {
	return s.access.Mode() != access.Open && bearer(r) == "" && access.IsSigned(r.URL.Query())
}

// opened refuses a call whose signed link isn't good.
func (s *Server) opened(r *http.Request) error {
	addr := access.Address(r, s.cfg.Proxies)
	if s.guessedTooOften(addr) {
		return tooManyAttempts
	}
	err := s.access.Opens(r.URL.Path, r.URL.Query())
	s.failed(addr, err)
	return err
}

func (s *Server) guessedTooOften(addr netip.Addr) bool { return s.failures.Spent(addr, time.Now()) }

// bearer returns the secret that a request carries, empty without one.
func bearer(r *http.Request) string {
	kind, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "bearer") {
		return ""
	}
	return strings.TrimSpace(secret)
}

// failed counts secrets that were wrong: guesses, perhaps.
func (s *Server) failed(addr netip.Addr, err error) {
	guesses := []string{
		wire.CodeBadKey, wire.CodeBadLink, wire.CodeTokenSignature, wire.CodeBadToken, wire.CodeBadResumeToken,
		wire.CodeBadUserToken,
	}
	for _, code := range guesses {
		if isCode(err, code) {
			s.failures.Allow(addr, time.Now())
		}
	}
}

func isCode(err error, code string) bool {
	var e *session.Error
	return errors.As(err, &e) && e.Code == code
}

// admission decides whether and how somebody may join.
func (l *link) admission(q JoinRequest) (session.Admission, error) {
	if l.server.guessedTooOften(l.addr) {
		return session.Admission{}, tooManyAttempts
	}
	return l.server.access.Join(access.Claim{
		SessionID: q.SessionID, UserID: q.UserID, Key: q.Key, Token: q.Token,
		Resumes: q.ResumeToken != "", IsCreator: q.Token != "",
	})
}
