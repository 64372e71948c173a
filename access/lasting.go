package access

import (
	"net/url"

	"github.com/downbeat-sync/downbeat/wire"
)

// Grant returns what a link to path needs in its query to open it, without a key or
// token, for as long as the session exists: a film goes on for hours, and one who comes
// late must be able to fetch it. path is unescaped. In mode Open it is empty.
func (p *Policy) Grant(sessionID, path string) url.Values {
	if p.cfg.Mode == Open {
		return nil
	}
	return url.Values{"session": {sessionID}, "signature": {p.signature(path, "session "+sessionID)}}
}

// Granted decides whether a link that has a Grant opens path, and for which session,
// which the caller must look for; empty in mode Open.
func (p *Policy) Granted(path string, query url.Values) (sessionID string, err error) {
	if p.cfg.Mode == Open {
		return "", nil
	}
	sessionID = query.Get("session")
	if !equal(query.Get("signature"), p.signature(path, "session "+sessionID)) {
		return "", refuse(wire.CodeBadLink, "this link is not one of this server's, or was changed")
	}
	return sessionID, nil
}
