package access

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// Wrong keys, tokens and links of one address: so many a second, so many at once.
const (
	guessRate  = 1
	guessBurst = 30
)

var tooManyAttempts = &session.Error{Code: wire.CodeTooManyAttempts, Message: "too many wrong keys from this address; wait a minute", Retry: true}

// wrong are the codes of secrets that may be guesses.
var wrong = []string{
	wire.CodeBadKey, wire.CodeBadLink, wire.CodeTokenSignature, wire.CodeBadToken, wire.CodeBadResumeToken, wire.CodeBadUserToken,
}

// Patience refuses an address from which too many wrong secrets have come.
func (p *Policy) Patience(addr netip.Addr) error {
	if p.guesses.Spent(addr, time.Now()) {
		return tooManyAttempts
	}
	return nil
}

// Refused counts the refusal of a secret that an address brought: a guess, perhaps. Other
// errors, and nil, don't count.
func (p *Policy) Refused(addr netip.Addr, err error) {
	var e *session.Error
	if errors.As(err, &e) && slices.Contains(wrong, e.Code) {
		p.guesses.Allow(addr, time.Now())
	}
}
