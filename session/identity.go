package session

import (
	"cmp"

	"github.com/downbeat-sync/downbeat/wire"
)

// identity is whom a newcomer joins as, without a resume token.
type identity struct {
	userID  string
	proved  bool // it may join as that user even if the user is there
	creator bool // it has the creator's token
	role    Role
}

// identity returns the user that the newcomer joins as, and what it has proved.
func (n *newcomer) identity(s *state) (identity, error) {
	who := identity{role: n.Admission.Role}
	if n.CreatorToken != "" {
		if s.isCreator(n.CreatorToken) {
			return identity{userID: s.meta.CreatorID, proved: true, creator: true}, nil
		}
		if !n.mayFound(s) {
			return who, fault(wire.CodeBadToken, "the token isn't the creator's")
		}
		who.creator, who.role = true, ""
	}
	if n.UserToken != "" && n.Admission.UserID == "" {
		return n.byUserToken(s, who)
	}
	who.userID, who.proved = cmp.Or(n.Admission.UserID, n.UserID, n.userID), n.Admission.UserID != ""
	return who, nil
}

// mayFound reports whether the newcomer's creator's token may become the session's:
// where there is no session, or one that its devices brought back to a server which
// had forgotten it, and the newcomer may create one.
func (n *newcomer) mayFound(s *state) bool {
	return !n.Admission.NoCreate && isSecret(n.CreatorToken) && (s.meta == nil || s.meta.Revived)
}

// byUserToken joins as the user whose token the newcomer has. One that the session
// doesn't know any more is there again with it.
func (n *newcomer) byUserToken(s *state, who identity) (identity, error) {
	id, secret := parseSecret(n.UserToken)
	u := s.users[id]
	if n.UserID != "" && n.UserID != id || u != nil && !matches(secret, u.TokenHash) {
		return who, fault(wire.CodeBadUserToken, "the userToken isn't that user's")
	}
	who.userID, who.proved = id, true
	return who, nil
}

// userTokenSecret returns the secret of the token that a new user has from now on.
func (n *newcomer) userTokenSecret() string {
	if _, secret := parseSecret(n.UserToken); secret != "" && n.Admission.UserID == "" {
		return secret
	}
	return n.userSecret
}

// toldToken returns the user's token as far as the newcomer may know it: one that is
// new, or that it has brought.
func (n *newcomer) toldToken(u *user) string {
	if secret := n.userTokenSecret(); n.Admission.UserID == "" && matches(secret, u.TokenHash) {
		return tokenOf(u.ID, secret)
	}
	return ""
}

func (s *state) isCreator(token string) bool {
	return s.meta != nil && matches(token, s.meta.TokenHash)
}
