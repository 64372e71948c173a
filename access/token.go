package access

import (
	"errors"
	"slices"

	"github.com/golang-jwt/jwt/v5"

	"github.com/downbeat-sync/downbeat/session"
)

// maxToken bounds a token in bytes.
const maxToken = 8 << 10

// claims are what a token says.
type claims struct {
	jwt.RegisteredClaims
	Session string       `json:"session"` // a session's id, or * for all of them
	Role    session.Role `json:"role"`
}

// verifier checks tokens.
type verifier struct {
	parser *jwt.Parser
	keys   keySource
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
	return &verifier{keys: keys, parser: jwt.NewParser(
		jwt.WithValidMethods(keys.algorithms()), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithTimeFunc(cfg.Now),
	)}, nil
}

// hmacKey is HS256's.
type hmacKey []byte

func (k hmacKey) algorithms() []string { return []string{"HS256"} }

func (k hmacKey) find(string, string) (any, error) { return []byte(k), nil }

// errAlgorithm says that a key isn't for the token's algorithm.
var errAlgorithm = errors.New("another algorithm than the key's")

// verify returns what a token says if it is good.
func (v *verifier) verify(token string) (claims, error) {
	var c claims
	switch {
	case token == "":
		return c, refuse(CodeTokenNeeded, "a token is needed")
	case len(token) > maxToken:
		return c, refuse(CodeTokenMalformed, "the token is too long")
	}
	var alg string
	_, err := v.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		alg = t.Method.Alg()
		kid, _ := t.Header["kid"].(string)
		return v.keys.find(alg, kid)
	})
	if err == nil {
		return c, c.check()
	}
	return c, v.refusal(token, alg, err)
}

func (v *verifier) refusal(token, alg string, err error) error {
	switch {
	case alg == "" && v.otherMethod(token), errors.Is(err, errAlgorithm):
		return refuse(CodeTokenAlgorithm, "the token isn't signed as agreed on")
	case errors.Is(err, jwt.ErrTokenMalformed):
		return refuse(CodeTokenMalformed, "this is no JSON Web Token")
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return refuse(CodeTokenSignature, "the token's signature isn't valid")
	case errors.Is(err, jwt.ErrTokenExpired):
		return refuse(CodeTokenExpired, "the token has expired")
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return refuse(CodeTokenNotYet, "the token isn't valid yet")
	}
	return refuse(CodeTokenClaims, "the token needs exp, sub, session and role")
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

func (c claims) check() error {
	known := slices.Contains([]session.Role{session.RoleLeader, session.RoleMember, session.RoleWatcher, session.RoleObserver}, c.Role)
	if c.Subject == "" || !known || c.Session != "*" && !session.ValidSessionID(c.Session) {
		return refuse(CodeTokenClaims, "the token needs exp, sub, session and role")
	}
	return nil
}

func (c claims) of(sessionID string) bool { return c.Session == "*" || equal(c.Session, sessionID) }

func (p *Policy) callByToken(act Act, sessionID, token string) error {
	c, err := p.tokens.verify(token)
	switch {
	case err != nil:
		return err
	case act == Rule && (c.Session != "*" || c.Role != session.RoleLeader):
		return refuse(CodeNotAllowed, "creating and listing sessions needs a leader's token for all of them")
	case act != Rule && !c.of(sessionID):
		return refuse(CodeTokenSession, "the token is another session's")
	case act == Add && (c.Role == session.RoleObserver || c.Role == session.RoleWatcher):
		return refuse(CodeNotAllowed, "the role records nothing")
	case act == Look && c.Role == session.RoleWatcher:
		return refuse(CodeNotAllowed, "a watcher sees the session's state alone")
	case act == Command && c.Role != session.RoleLeader:
		return refuse(CodeNotAllowed, "only a leader's token allows that")
	}
	return nil
}

func (p *Policy) joinByToken(j Claim) (session.Admission, error) {
	c, err := p.tokens.verify(j.Token)
	switch {
	case err != nil:
		return session.Admission{}, err
	case !c.of(j.SessionID):
		return session.Admission{}, refuse(CodeTokenSession, "the token is another session's")
	case j.UserID != "" && j.UserID != c.Subject:
		return session.Admission{}, refuse(CodeTokenUser, "userId isn't the token's sub")
	}
	return session.Admission{UserID: c.Subject, Role: c.Role, NoCreate: c.Role != session.RoleLeader}, nil
}
