package access

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	maxKeySet   = 1 << 20 // bytes
	refetchWait = time.Minute
)

// keySet is a JSON Web Key Set (RFC 7517) of a file or a URL. It is read anew
// when a token names a key that isn't there, once a minute at most.
type keySet struct {
	cfg Config

	mu     sync.Mutex
	keys   map[string]publicKey // by kid
	readAt time.Time
}

// publicKey is a key and the one algorithm that it is for.
type publicKey struct {
	alg string
	key any
}

func newKeySet(cfg Config) (*keySet, error) {
	if cfg.Client == nil {
		cfg.Client = &http.Client{Timeout: 5 * time.Second}
	}
	s := &keySet{cfg: cfg}
	if s.isURL() {
		return s, nil // the first token fetches it: the other server may start later
	}
	return s, s.read()
}

func (s *keySet) isURL() bool {
	return strings.HasPrefix(s.cfg.JWKS, "https://") || strings.HasPrefix(s.cfg.JWKS, "http://")
}

func (s *keySet) algorithms() []string { return []string{"RS256", "ES256", "EdDSA"} }

func (s *keySet) find(alg, kid string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.keys[kid]
	if now := s.cfg.Now(); !ok && now.Sub(s.readAt) >= refetchWait {
		s.readAt = now
		if err := s.read(); err != nil {
			s.cfg.Log.Warn("reading the keys of tokens", "from", s.cfg.JWKS, "err", err)
		}
		k, ok = s.keys[kid]
	}
	switch {
	case !ok:
		return nil, errors.New("no such key")
	case k.alg != alg:
		return nil, errAlgorithm
	}
	return k.key, nil
}

func (s *keySet) read() error {
	b, err := s.fetch()
	if err != nil {
		return fmt.Errorf("access: reading %s: %w", s.cfg.JWKS, err)
	}
	keys, err := parseKeySet(b)
	if err != nil {
		return fmt.Errorf("access: reading %s: %w", s.cfg.JWKS, err)
	}
	s.keys = keys
	return nil
}

func (s *keySet) fetch() ([]byte, error) {
	if !s.isURL() {
		return os.ReadFile(s.cfg.JWKS)
	}
	resp, err := s.cfg.Client.Get(s.cfg.JWKS)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New(resp.Status)
	}
	return io.ReadAll(io.LimitReader(resp.Body, maxKeySet))
}

// jwk is one key as RFC 7518 and RFC 8037 write it.
type jwk struct {
	Kty, Kid, Crv, Use string
	N, E, X, Y         string // base64url
}

// parseKeySet reads the keys for signatures that it understands.
func parseKeySet(b []byte) (map[string]publicKey, error) {
	var set struct{ Keys []jwk }
	if err := json.Unmarshal(b, &set); err != nil {
		return nil, err
	}
	keys := map[string]publicKey{}
	for _, k := range set.Keys {
		if k.Use != "" && k.Use != "sig" {
			continue
		}
		key, err := k.public()
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", k.Kid, err)
		}
		keys[k.Kid] = key
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key for signatures")
	}
	return keys, nil
}

func (k jwk) public() (publicKey, error) {
	n, x, y := number(k.N), number(k.X), number(k.Y)
	switch {
	case k.Kty == "RSA" && n.BitLen() >= 2048 && n.BitLen() <= 8192 && number(k.E).IsInt64() && number(k.E).Int64() >= 3 && number(k.E).Int64() < 1<<31:
		return publicKey{"RS256", &rsa.PublicKey{N: n, E: int(number(k.E).Int64())}}, nil
	case k.Kty == "EC" && k.Crv == "P-256" && x.BitLen() <= 256 && y.BitLen() <= 256:
		point := append([]byte{4}, append(x.FillBytes(make([]byte, 32)), y.FillBytes(make([]byte, 32))...)...)
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		return publicKey{"ES256", key}, err
	case k.Kty == "OKP" && k.Crv == "Ed25519":
		raw, err := base64.RawURLEncoding.DecodeString(k.X)
		if err == nil && len(raw) == ed25519.PublicKeySize {
			return publicKey{"EdDSA", ed25519.PublicKey(raw)}, nil
		}
	}
	return publicKey{}, errors.New("not an RSA key of 2048 bits or more, nor one on P-256 or Ed25519")
}

func number(s string) *big.Int {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return new(big.Int)
	}
	return new(big.Int).SetBytes(b)
}
