package rules

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
func (n *Newcomer) identity(s *State) (identity, error) {
	who := identity{role: n.Admission.Role}
	if n.CreatorToken != "" {
		if s.IsCreator(n.CreatorToken) {
			return identity{userID: s.Meta.CreatorID, proved: true, creator: true}, nil
		}
		if !n.mayFound(s) {
			return who, Fault(wire.CodeBadToken, "the token isn't the creator's")
		}
		who.creator, who.role = true, ""
	}
	if n.UserToken != "" && n.Admission.UserID == "" {
		return n.byUserToken(s, who)
	}
	who.userID, who.proved = cmp.Or(n.Admission.UserID, n.UserID, n.NewUserID), n.Admission.UserID != "" || n.namesItself(s)
	return who, nil
}

// mayFound reports whether the newcomer's creator's token may become the session's:
// where there is no session, or one that its devices brought back to a server which
// had forgotten it, and the newcomer may create one.
func (n *Newcomer) mayFound(s *State) bool {
	return !n.Admission.NoCreate && isSecret(n.CreatorToken) && (s.Meta == nil || s.Meta.Revived)
}

// byUserToken joins as the user whose token the newcomer has. One that the session
// doesn't know any more is there again with it.
func (n *Newcomer) byUserToken(s *State, who identity) (identity, error) {
	id, secret := ParseSecret(n.UserToken)
	u := s.Users[id]
	if n.UserID != "" && n.UserID != id || u != nil && !Matches(secret, u.TokenHash) {
		return who, Fault(wire.CodeBadUserToken, "the userToken isn't that user's")
	}
	who.userID, who.proved = id, true
	return who, nil
}

// userTokenSecret returns the secret of the token that a new user has from now on.
func (n *Newcomer) userTokenSecret() string {
	if _, secret := ParseSecret(n.UserToken); secret != "" && n.Admission.UserID == "" {
		return secret
	}
	return n.NewUserSecret
}

// toldToken returns the user's token as far as the newcomer may know it: one that is
// new, or that it has brought.
func (n *Newcomer) toldToken(u *User) string {
	if secret := n.userTokenSecret(); n.Admission.UserID == "" && Matches(secret, u.TokenHash) {
		return tokenOf(u.ID, secret)
	}
	return ""
}

// IsCreator reports whether a token is the creator's.
func (s *State) IsCreator(token string) bool {
	return s.Meta != nil && Matches(token, s.Meta.TokenHash)
}
