package access

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// maxToken bounds a token in bytes.
const maxToken = 8 << 10

// verifier checks tokens.
type verifier struct {
	parser *jwt.Parser
	keys   keySource

	audiences, issuers []string // that are taken; none: all
}

// keySource finds the key that a token says it is signed with.
type keySource interface {
	find(alg, kid string) (key any, err error)
	algorithms() []string
}

func newVerifier(cfg Config) (*verifier, error) {
	var keys keySource
	switch {
	case (len(cfg.HMACKey) > 0) == (cfg.JWKS != ""):
		return nil, errors.New("access: mode token needs either HS256's key or a JWKS")
	case cfg.JWKS != "":
		set, err := newKeySet(cfg)
		if err != nil {
			return nil, err
		}
		keys = set
	case len(cfg.HMACKey) < 32:
		return nil, errors.New("access: HS256's key must have at least 32 bytes")
	default:
		keys = hmacKey(cfg.HMACKey)
	}
	leeway := cmp.Or(cfg.Leeway, defaultLeeway)
	return &verifier{keys: keys, audiences: cfg.Audiences, issuers: cfg.Issuers, parser: jwt.NewParser(
		jwt.WithValidMethods(keys.algorithms()), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
		jwt.WithTimeFunc(cfg.Now), jwt.WithLeeway(max(0, leeway)),
	)}, nil
}

// defaultLeeway is what two machines' clocks may differ by.
const defaultLeeway = 30 * time.Second

// hmacKey is HS256's.
type hmacKey []byte

func (k hmacKey) algorithms() []string { return []string{"HS256"} }

func (k hmacKey) find(string, string) (any, error) { return []byte(k), nil }

// errCritical says that a token has an extension that must be understood.
var errCritical = errors.New("an extension that must be understood")

// errAlgorithm says that a key isn't for the token's algorithm.
var errAlgorithm = errors.New("another algorithm than the key's")

// verify returns what a token says if it is good.
func (v *verifier) verify(token string) (claims, error) {
	var c claims
	switch {
	case token == "":
		return c, refuse(wire.CodeTokenNeeded, "a token is needed")
	case len(token) > maxToken:
		return c, refuse(wire.CodeTokenMalformed, "the token is too long")
	}
	var alg string
	_, err := v.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		alg = t.Method.Alg()
		if _, has := t.Header["crit"]; has {
			return nil, errCritical // RFC 7515, 4.1.11: what isn't understood must be refused
		}
		kid, _ := t.Header["kid"].(string)
		return v.keys.find(alg, kid)
	})
	switch {
	case err != nil:
		return c, v.refusal(token, alg, err)
	case !among(v.issuers, c.Issuer):
		return c, refuse(wire.CodeTokenIssuer, "the token is of another issuer")
	case !among(v.audiences, c.Audience...):
		return c, refuse(wire.CodeTokenAudience, "the token is meant for somebody else")
	}
	return c, c.check()
}

func (v *verifier) refusal(token, alg string, err error) error {
	var away *session.Error
	switch {
	case errors.As(err, &away):
		return away
	case errors.Is(err, errCritical):
		return refuse(wire.CodeTokenCritical, "the token demands (crit) what this server doesn't know")
	case alg == "" && v.otherMethod(token), errors.Is(err, errAlgorithm):
		return refuse(wire.CodeTokenAlgorithm, "the token isn't signed as agreed on")
	case errors.Is(err, jwt.ErrTokenMalformed):
		return refuse(wire.CodeTokenMalformed, "this is no JSON Web Token")
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return refuse(wire.CodeTokenSignature, "the token's signature isn't valid")
	case errors.Is(err, jwt.ErrTokenExpired):
		return refuse(wire.CodeTokenExpired, "the token has expired")
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return refuse(wire.CodeTokenNotYet, "the token isn't valid yet")
	}
	return refuse(wire.CodeTokenClaims, "the token needs exp, sub, session and role")
}

// otherMethod tells whether a token names an algorithm that isn't agreed on.
func (v *verifier) otherMethod(token string) bool {
	t, _, err := v.parser.ParseUnverified(token, &claims{})
	if errors.Is(err, jwt.ErrTokenUnverifiable) {
		return true // an algorithm that nobody knows
	}
	if err != nil {
		return false
	}
	for _, alg := range v.keys.algorithms() {
		if t.Method.Alg() == alg {
			return false
		}
	}
	return true
}

// foreign begins the ids of users whose subject can't be an id as it is.
const foreign = "sub:"

// userID is the id of the token's user: its subject, or, where a user can't be called so, a name that follows
// from it. Two subjects never have one, and nobody whose subject is an id has that of another.
func (c claims) userID() string {
	if session.ValidUserID(c.Subject) && !strings.HasPrefix(c.Subject, foreign) {
		return c.Subject
	}
	sum := sha256.Sum256([]byte(c.Subject))
	return foreign + base64.RawURLEncoding.EncodeToString(sum[:])
}

func (c claims) of(sessionID string) bool { return c.Session == "*" || equal(c.Session, sessionID) }

func (p *Policy) callByToken(act Act, sessionID, token string) error {
	c, err := p.tokens.verify(token)
	switch {
	case err != nil:
		return err
	case act == Rule && (c.Session != "*" || c.Role != session.RoleLeader):
		return refuse(wire.CodeNotAllowed, "creating and listing sessions needs a leader's token for all of them")
	case act != Rule && !c.of(sessionID):
		return refuse(wire.CodeTokenSession, "the token is another session's")
	case act == Add && (c.Role == session.RoleObserver || c.Role == session.RoleWatcher):
		return refuse(wire.CodeNotAllowed, "the role records nothing")
	case act == Look && c.Role == session.RoleWatcher:
		return refuse(wire.CodeNotAllowed, "a watcher sees the session's state alone")
	case act == Command && c.Role != session.RoleLeader:
		return refuse(wire.CodeNotAllowed, "only a leader's token allows that")
	}
	return nil
}

func (p *Policy) joinByToken(j Claim) (session.Admission, error) {
	c, err := p.tokens.verify(j.Token)
	switch {
	case err != nil:
		return session.Admission{}, err
	case !c.of(j.SessionID):
		return session.Admission{}, refuse(wire.CodeTokenSession, "the token is another session's")
	case j.UserID != "" && j.UserID != c.Subject && j.UserID != c.userID():
		return session.Admission{}, refuse(wire.CodeTokenUser, "userId isn't the token's sub")
	}
	return session.Admission{UserID: c.userID(), Role: c.Role, NoCreate: c.Role != session.RoleLeader}, nil
}
