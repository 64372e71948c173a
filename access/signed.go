package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// A signed link holds for linkLife at most. Its end is a multiple of linkStep, so that
// who lists every second gets the same link for a while.
const (
	linkLife = time.Hour
	linkStep = 10 * time.Minute
)

// signKey returns the key of signed links: all servers with the same admin key
// share one, in the other modes each process has its own.
func signKey(cfg Config) []byte {
	secret := []byte(cfg.AdminKey)
	if cfg.Mode != Link {
		secret = []byte(rand.Text())
	}
	mac := hmac.New(sha256.New, secret)
	_, _ = mac.Write([]byte("downbeat signed links"))
	return mac.Sum(nil)
}

// Sign returns a link to path, which must need no escaping, that opens it
// without a key or token for most of an hour: pages can't give those along with a plain
// link. In mode Open it is the path.
func (p *Policy) Sign(path string) string {
	if p.cfg.Mode == Open {
		return path
	}
	expires := strconv.FormatInt(p.cfg.Now().Add(linkLife).Truncate(linkStep).Unix(), 10)
	return path + "?expires=" + expires + "&signature=" + p.signature(path, expires)
}

// IsSigned reports whether a request's query has a signature, good or not.
func IsSigned(query url.Values) bool { return query.Has("signature") }

// Opens decides whether a signed link opens path.
func (p *Policy) Opens(path string, query url.Values) error {
	expires := query.Get("expires")
	if !equal(query.Get("signature"), p.signature(path, expires)) {
		return refuse(wire.CodeBadLink, "this link is not one of this server's, or was changed")
	}
	if at, err := strconv.ParseInt(expires, 10, 64); err != nil || !p.cfg.Now().Before(time.Unix(at, 0)) {
		return refuse(wire.CodeLinkExpired, "this link has expired; open the list of recordings anew")
	}
	return nil
}

func (p *Policy) signature(path, expires string) string {
	mac := hmac.New(sha256.New, p.signKey)
	_, _ = mac.Write([]byte(path + "\x00" + expires))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
