package rules

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
)

// SecretLen is the length of what newSecret returns.
const SecretLen = 26

// Hash is what of a secret is stored. The secret has full entropy, so that
// there is nothing for a slow hash to protect.
func Hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// Matches compares in constant time.
func Matches(secret string, stored []byte) bool {
	return len(stored) > 0 && subtle.ConstantTimeCompare(Hash(secret), stored) == 1
}

// A resume token is the device's id, a dot, and the device's secret; a user's token likewise.
func tokenOf(id, secret string) string { return id + "." + secret }

// isSecret reports whether s may be a secret of newSecret's.
func isSecret(s string) bool {
	return len(s) == SecretLen && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// ParseSecret returns the id and the secret of a token; empty ones where it is none.
func ParseSecret(token string) (id, secret string) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 {
		return "", token
	}
	return token[:i], token[i+1:]
}
