package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"

	"github.com/downbeat-sync/downbeat/session"
)

// JoinKey returns the key of a session's join link, 125 bits; empty in the
// modes that have none.
func (p *Policy) JoinKey(sessionID string) string {
	if p.cfg.Mode != Link {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(p.cfg.AdminKey))
	_, _ = mac.Write([]byte("downbeat join key\x00" + sessionID))
	return base32.StdEncoding.EncodeToString(mac.Sum(nil))[:25]
}

func (p *Policy) isAdmin(key string) bool { return equal(key, p.cfg.AdminKey) }

func (p *Policy) isJoin(sessionID, key string) bool { return equal(key, p.JoinKey(sessionID)) }

// equal compares in a time that tells nothing of what is compared, lengths included.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

func (p *Policy) callByKey(act Act, sessionID, key string) error {
	switch {
	case key == "":
		return refuse(CodeKeyNeeded, "a key is needed: Authorization: Bearer …")
	case p.isAdmin(key), (act == Look || act == Add) && p.isJoin(sessionID, key):
		return nil
	case act != Look && sessionID != "" && p.isJoin(sessionID, key):
		return refuse(CodeNotAllowed, "the join key doesn't allow that; the creator's token does")
	}
	return refuse(CodeBadKey, "the key isn't valid here")
}

func (p *Policy) joinByKey(c Claim) (session.Admission, error) {
	switch {
	case c.Key != "" && p.isAdmin(c.Key):
		return session.Admission{}, nil
	case c.Key != "" && p.isJoin(c.SessionID, c.Key):
		return session.Admission{NoCreate: true}, nil
	case c.Key != "":
		return session.Admission{}, refuse(CodeBadKey, "the key isn't this session's; open its link anew")
	case c.Resumes, c.IsCreator:
		return session.Admission{NoCreate: true, NeedsProof: true}, nil
	}
	return session.Admission{}, refuse(CodeKeyNeeded, "joining needs the key in the session's link")
}
