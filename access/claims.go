package access

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// claims are what a token says.
type claims struct {
	jwt.RegisteredClaims
	Session string       `json:"session"` // a session's id, or * for all of them
	Role    session.Role `json:"role"`
}

// claimNames are the claims that count here.
var claimNames = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "session", "role"}

// UnmarshalJSON reads the claims under exactly these names (RFC 7519, 10.1.1): a Role is some other
// application's, and its user may have chosen it.
func (c *claims) UnmarshalJSON(b []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	for name := range all {
		if !slices.Contains(claimNames, name) {
			delete(all, name)
		}
	}
	exact, err := json.Marshal(all)
	if err != nil {
		return err
	}
	type plain claims
	return json.Unmarshal(exact, (*plain)(c))
}

// check refuses claims without what every token needs. What isn't Unicode has been read as
// U+FFFD, whatever it was: two such subjects would be one.
func (c claims) check() error {
	known := slices.Contains([]session.Role{session.RoleLeader, session.RoleMember, session.RoleWatcher, session.RoleObserver}, c.Role)
	text := c.Subject != "" && !strings.ContainsRune(c.Subject, utf8.RuneError)
	if !text || !known || c.Session != "*" && !session.ValidSessionID(c.Session) {
		return refuse(wire.CodeTokenClaims, "the token needs exp, sub, session and role")
	}
	return nil
}
