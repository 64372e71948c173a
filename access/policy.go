package access

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/downbeat-sync/downbeat/session"
)

// Config sets a Policy up; its zero value is open.
type Config struct {
	Mode Mode // default: Open

	AdminKey string // of Link: at least 16 bytes

	HMACKey []byte // of Token: HS256's, at least 32 bytes; or
	JWKS    string // a file's name or a URL that has the public keys

	Leeway    time.Duration // by which tokens' exp, nbf and iat may be off; default 30 s, negative: none
	Audiences []string      // one of them must be in a token's aud; none: it isn't looked at
	Issuers   []string      // one of them must be a token's iss; none: it isn't looked at

	Guesses int // wrong keys and tokens that an address may bring at once, and one more each second; default 30

	Now    func() time.Time // of tokens' exp; default: time.Now
	Client *http.Client     // that fetches JWKS; default: one that waits 5 s
	Log    *slog.Logger     // default: silent
}

// Policy decides. Its methods are safe for concurrent use and refuse with a
// *session.Error.
type Policy struct {
	cfg    Config
	tokens *verifier

	guesses *Throttle // wrong keys and tokens of each address

	signKey []byte // of signed links
}

// New returns a policy. It reads nothing but a file of keys.
func New(cfg Config) (*Policy, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	p := &Policy{cfg: cfg, guesses: NewThrottle(guessRate, cmp.Or(cfg.Guesses, guessBurst))}
	switch cfg.Mode {
	case "", Open:
		p.cfg.Mode = Open
	case Link:
		if len(cfg.AdminKey) < leastKey {
			return nil, errors.New("access: the admin key must have at least 16 bytes")
		}
	case Token:
		var err error
		if p.tokens, err = newVerifier(cfg); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("access: there is no mode %q: open, link or token", cfg.Mode)
	}
	p.signKey = signKey(cfg)
	return p, nil
}

// Mode returns the policy's mode.
func (p *Policy) Mode() Mode { return p.cfg.Mode }

// Act is what somebody wants to do over HTTP.
type Act int

// What is wanted of a session, or of all of them.
const (
	See     Act = iota // one session's state
	Look               // at all of one session: recordings, takes, commands, clocks
	Add                // recordings to one session
	Command            // one session, as its leader may
	Rule               // create and list sessions
)

// Call decides about a call over HTTP that carries a secret, a key or a token,
// empty for none. sessionID is empty for Rule. In mode Link a refusal with the
// code bad_key isn't the last word on a session: the secret may be its creator's
// token, which the session knows.
func (p *Policy) Call(act Act, sessionID, secret string) error {
	switch p.cfg.Mode {
	case Link:
		return p.callByKey(act, sessionID, secret)
	case Token:
		return p.callByToken(act, sessionID, secret)
	}
	return nil
}

// Claim is what somebody brings who joins.
type Claim struct {
	SessionID, UserID  string
	Key                string // one of the session's keys, or the admin key
	Token              string // in mode Token; else the session's affair
	Resumes, IsCreator bool   // brings a resumeToken, the creator's token
}

// Join decides about joining, and says how.
func (p *Policy) Join(c Claim) (session.Admission, error) {
	switch p.cfg.Mode {
	case Link:
		return p.joinByKey(c)
	case Token:
		return p.joinByToken(c)
	}
	return session.Admission{}, nil
}
