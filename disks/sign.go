package disks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Header is what another instance's request carries: when it was made, what the client has
// proven, and the proof of both.
const Header = "Downbeat-Instance"

// signedFor is how long a request counts after it was made, and how far before.
const signedFor = 30 * time.Second

// ErrForged is returned for a request that says it comes from another instance, and doesn't.
var ErrForged = errors.New("disks: no instance on this store has sent this to this one now")

// sign says that a request is of an instance on this store, for the one that has the disk.
// as is what that one is to know of the client: letters and digits.
func (d *Disks) sign(h http.Header, method, path, disk, as string) {
	at := strconv.FormatInt(d.cfg.Now().UnixMilli(), 10)
	h.Set(Header, at+"."+as+"."+mac(d.cfg.Key(), "request", method, path, disk, at, as))
}

// Signed returns what another instance says of the client whose request it passes on; ok is false
// where no instance says that it has sent the request. A forged one fails with ErrForged.
func (d *Disks) Signed(r *http.Request) (as string, ok bool, err error) {
	said := r.Header.Get(Header)
	if said == "" {
		return "", false, nil
	}
	key := d.cfg.Key()
	parts := strings.Split(said, ".")
	if len(parts) != 3 || key == nil {
		return "", true, ErrForged
	}
	want := mac(key, "request", r.Method, r.URL.RequestURI(), d.cfg.Disk, parts[0], parts[1])
	ms, err := strconv.ParseInt(parts[0], 10, 64)
	off := d.cfg.Now().Sub(time.UnixMilli(ms)).Abs()
	if err != nil || !hmac.Equal([]byte(want), []byte(parts[2])) || off > signedFor {
		return "", true, ErrForged
	}
	return parts[1], true, nil
}

// mac authenticates words, none of which has a line break.
func mac(key []byte, words ...string) string {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(strings.Join(words, "\n")))
	return hex.EncodeToString(h.Sum(nil))
}
