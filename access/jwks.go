package access

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// maxKeySet bounds a JSON Web Key Set in bytes, maxKeys the keys that are taken of it.
const (
	maxKeySet = 1 << 20
	maxKeys   = 1000
)

// publicKey is a key for signatures and the one algorithm that it is for.
type publicKey struct {
	id, alg string
	key     any
}

// skipped is a key of a set that isn't used.
type skipped struct{ id, why string }

// algorithms are those of public keys that are taken, by what a key without a word of its own is for.
var algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// parseKeySet reads a JSON Web Key Set (RFC 7517). Others extend such lists: a key of a
// kind that isn't known, or that can't be used, is skipped and doesn't spoil the others.
func parseKeySet(b []byte) (keys []publicKey, left []skipped, err error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(b, &set); err != nil {
		return nil, nil, errors.New("it is no JSON Web Key Set")
	}
	if set.Keys == nil {
		return nil, nil, errors.New(`it is no JSON Web Key Set: there is no list of "keys"`)
	}
	if len(set.Keys) > maxKeys {
		return nil, nil, fmt.Errorf("it has %d keys, more than %d", len(set.Keys), maxKeys)
	}
	for _, raw := range set.Keys {
		key, why := parseKey(raw)
		if why != "" {
			left = append(left, skipped{key.id, why})
			continue
		}
		keys = append(keys, key)
	}
	return keys, left, nil
}

// parseKey reads one key, or says why it isn't used.
func parseKey(raw json.RawMessage) (k publicKey, why string) {
	var more struct {
		KID string   `json:"kid"`
		Ops []string `json:"key_ops"`
	}
	if err := json.Unmarshal(raw, &more); err != nil {
		return k, "it is malformed"
	}
	k.id = more.KID
	var key jose.JSONWebKey
	switch err := key.UnmarshalJSON(raw); {
	case errors.Is(err, jose.ErrUnsupportedKeyType):
		return k, "its kind isn't known"
	case err != nil:
		return k, "it is malformed"
	case key.Use != "" && key.Use != "sig", more.Ops != nil && !slices.Contains(more.Ops, "verify"):
		return k, "it isn't for verifying signatures"
	}
	k.key = key.Key
	algs, why := usable(key.Key)
	switch {
	case why != "":
		return k, why
	case key.Algorithm == "":
		k.alg = algs[0]
	case !slices.Contains(algs, key.Algorithm):
		return k, "it isn't for the algorithm " + key.Algorithm
	default:
		k.alg = key.Algorithm
	}
	if k.alg == "Ed25519" { // RFC 9864's name of it
		k.alg = "EdDSA"
	}
	return k, ""
}

// usable tells what algorithms a key may be for, the usual one first, or why it is for none.
func usable(key any) (algs []string, why string) {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < 2048 || bits > 8192 || key.E < 3 {
			return nil, "an RSA key must have 2048 to 8192 bits"
		}
		return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}, ""
	case *ecdsa.PublicKey:
		return []string{map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[key.Curve.Params().BitSize]}, ""
	case ed25519.PublicKey:
		if len(key) != ed25519.PublicKeySize {
			return nil, "it is malformed"
		}
		return []string{"EdDSA", "Ed25519"}, ""
	}
	return nil, "it isn't a public key"
}
