package session

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
)

// secretLen is the length of what newSecret returns.
const secretLen = 26

// newSecret returns 128 unpredictable bits as text.
func newSecret() string { return rand.Text() }

// hash is what of a secret is stored. The secret has full entropy, so that
// there is nothing for a slow hash to protect.
func hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// matches compares in constant time.
func matches(secret string, stored []byte) bool {
	return len(stored) > 0 && subtle.ConstantTimeCompare(hash(secret), stored) == 1
}

// A resume token is the device's id, a dot, and the device's secret; a user's token likewise.
func tokenOf(id, secret string) string { return id + "." + secret }

// isSecret reports whether s may be a secret of newSecret's.
func isSecret(s string) bool {
	return len(s) == secretLen && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

func parseSecret(token string) (id, secret string) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 {
		return "", token
	}
	return token[:i], token[i+1:]
}
