package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// opens is how much a key of a session's opens: more includes what less does.
type opens int

const (
	nothing opens = iota
	watching
	taking // part, as a device
	directing
)

// JoinKey returns the key of a session's link for devices, 125 bits; empty in the
// modes that have none.
func (p *Policy) JoinKey(sessionID string) string { return p.keyOf(sessionID, taking) }

// Keys returns the keys of a session's links, nil in the modes that have none.
func (p *Policy) Keys(sessionID string) *session.Keys {
	if p.cfg.Mode != Link {
		return nil
	}
	return &session.Keys{
		Device: p.keyOf(sessionID, taking), Watch: p.keyOf(sessionID, watching), Direct: p.keyOf(sessionID, directing),
	}
}

// labels keep the keys of a session apart.
var labels = map[opens]string{
	watching: "downbeat watch key\x00", taking: "downbeat join key\x00", directing: "downbeat direct key\x00",
}

func (p *Policy) keyOf(sessionID string, what opens) string {
	if p.cfg.Mode != Link {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(p.cfg.AdminKey))
	_, _ = mac.Write([]byte(labels[what] + sessionID))
	return base32.StdEncoding.EncodeToString(mac.Sum(nil))[:25]
}

func (p *Policy) isAdmin(key string) bool { return equal(key, p.cfg.AdminKey) }

// opened returns what a key opens of a session.
func (p *Policy) opened(sessionID, key string) opens {
	found := nothing
	for what := range labels {
		if sessionID != "" && equal(key, p.keyOf(sessionID, what)) {
			found = what
		}
	}
	return found
}

// equal compares in a time that tells nothing of what is compared, lengths included.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// needed is the least that a key must open for an act.
var needed = map[Act]opens{See: watching, Look: taking, Add: taking, Command: directing}

func (p *Policy) callByKey(act Act, sessionID, key string) error {
	switch has := p.opened(sessionID, key); {
	case key == "":
		return refuse(wire.CodeKeyNeeded, "a key is needed: Authorization: Bearer …")
	case p.isAdmin(key), act != Rule && has >= needed[act]:
		return nil
	case has > nothing:
		return refuse(wire.CodeNotAllowed, "this key doesn't allow that; the key of another link does, or the creator's token")
	}
	return refuse(wire.CodeBadKey, "the key isn't valid here")
}

func (p *Policy) joinByKey(c Claim) (session.Admission, error) {
	switch {
	case c.Key != "" && p.isAdmin(c.Key):
		return session.Admission{Rules: true}, nil
	case c.Key != "":
		role, ok := roles[p.opened(c.SessionID, c.Key)]
		if !ok {
			return session.Admission{}, refuse(wire.CodeBadKey, "the key isn't this session's; open its link anew")
		}
		return session.Admission{NoCreate: true, Role: role}, nil
	case c.Resumes, c.IsCreator:
		return session.Admission{NoCreate: true, NeedsProof: true}, nil
	}
	return session.Admission{}, refuse(wire.CodeKeyNeeded, "joining needs the key in the session's link")
}

// roles are what one who joins by a key may do at most.
var roles = map[opens]session.Role{
	watching: session.RoleWatcher, taking: session.RoleMember, directing: session.RoleLeader,
}
