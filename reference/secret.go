package reference

import (
	"crypto/hmac"
	"crypto/sha256"
)

// Key returns a key for a purpose other than frames, which every instance on the store makes of the secret; nil
// while that hasn't been read.
func (k *Keeper) Key(purpose string) []byte {
	k.mu.Lock()
	secret := k.secret
	k.mu.Unlock()
	if secret == nil {
		return nil
	}
	h := hmac.New(sha256.New, secret)
	_, _ = h.Write([]byte(purpose))
	return h.Sum(nil)
}
