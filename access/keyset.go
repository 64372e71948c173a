package access

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/sync/singleflight"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// When the keys are read again.
const (
	refreshEvery = time.Hour        // of a URL, whatever is asked for
	unknownEvery = 10 * time.Second // of a URL that answered, for a key that isn't known
	firstRetry   = time.Second      // of a URL that didn't answer; then twice as long each time
	longestRetry = 30 * time.Second
	statEvery    = time.Second // a file is looked at for changes
	fetchTime    = 5 * time.Second
)

// keySet is a JSON Web Key Set of a file or a URL. Who asks for a key that is known never waits; who
// asks for another one waits for the one read that is under way, fetchTime at most.
type keySet struct {
	cfg   Config
	from  string // as it is told: a URL without what may be secret in it
	reads singleflight.Group

	mu      sync.Mutex
	keys    []publicKey
	readAt  time.Time // when the keys were read
	triedAt time.Time // when that was tried last
	retry   time.Duration
	failed  error       // of the last try
	file    fs.FileInfo // as it was when it was read
	said    string      // of keys that are skipped, to say it once
}

func newKeySet(cfg Config) (*keySet, error) {
	s := &keySet{cfg: cfg, from: cfg.JWKS}
	u, err := url.Parse(cfg.JWKS)
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		s.from = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
		if u.Host == "" {
			return nil, fmt.Errorf("access: %s: the URL has no host", s.from)
		}
		client := http.Client{Timeout: fetchTime}
		if cfg.Client != nil {
			client = *cfg.Client
		}
		client.CheckRedirect = redirected
		s.cfg.Client = &client
		return s, nil // the first token fetches it: the other server may start later
	}
	s.cfg.Client = nil
	if err := s.read(); err != nil {
		return nil, err
	}
	if len(s.keys) == 0 {
		return nil, fmt.Errorf("access: reading %s: there is no key for signatures in it", s.from)
	}
	return s, nil
}

func (s *keySet) algorithms() []string { return algorithms }

// errNoKey says that there is no key of that name.
var errNoKey = errors.New("no such key")

// find returns the keys that may have signed a token: the one of its kid, or all of its algorithm if it names none.
func (s *keySet) find(alg, kid string) (any, error) {
	now := s.cfg.Now()
	if s.cfg.Client == nil {
		s.look(now)
		return s.known(alg, kid)
	}
	key, err := s.known(alg, kid)
	switch {
	case err == nil && !s.due(now, refreshEvery):
		return key, nil
	case err == nil:
		s.reads.DoChan("", s.refresh) // whose outcome later tokens see
		return key, nil
	case !errors.Is(err, errNoKey):
		return nil, err
	case !s.due(now, unknownEvery):
		return nil, s.unanswered(err)
	}
	limit := time.NewTimer(fetchTime)
	defer limit.Stop()
	select {
	case <-s.reads.DoChan("", s.refresh):
	case <-limit.C:
	}
	if key, err = s.known(alg, kid); errors.Is(err, errNoKey) {
		err = s.unanswered(err)
	}
	return key, err
}

// known looks among the keys that have been read.
func (s *keySet) known(alg, kid string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found jwt.VerificationKeySet
	named := false
	for _, k := range s.keys {
		if k.id != kid && kid != "" {
			continue
		}
		named = true
		if k.alg == alg {
			found.Keys = append(found.Keys, k.key)
		}
	}
	switch {
	case len(found.Keys) == 1:
		return found.Keys[0], nil
	case len(found.Keys) > 0:
		return found, nil
	case named && kid != "":
		return nil, errAlgorithm
	}
	return nil, errNoKey
}

// due reports whether the keys may be read again, that long after they were read last.
func (s *keySet) due(now time.Time, every time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		every = s.retry
	}
	return s.triedAt.IsZero() || now.Sub(s.triedAt) >= every
}

// unanswered is err, or that the key server didn't answer when it was asked last: then the token may be good.
func (s *keySet) unanswered(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil && !s.readAt.IsZero() {
		return err
	}
	return &session.Error{Code: wire.CodeUnavailable, Message: "the server of the tokens' keys doesn't answer", Retry: true}
}

func (s *keySet) refresh() (any, error) { return nil, s.read() }

// read reads the keys. Those of before are kept when it fails.
func (s *keySet) read() error {
	b, file, err := s.fetch()
	var keys []publicKey
	var left []skipped
	if err == nil {
		keys, left, err = parseKeySet(b)
	}
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.triedAt = now
	if err != nil {
		err = fmt.Errorf("access: reading %s: %w", s.from, err)
		s.retry = min(max(2*s.retry, firstRetry), longestRetry)
		starting := s.cfg.Client == nil && s.readAt.IsZero() // newKeySet returns the error
		if !starting && (s.failed == nil || s.failed.Error() != err.Error()) {
			s.cfg.Log.Warn("token_keys_unread", "from", s.from, "err", err)
		}
		s.failed, s.file = err, file
		return err
	}
	s.keys, s.readAt, s.failed, s.retry, s.file = keys, now, nil, 0, file
	s.say(left)
	return nil
}

// say logs which keys aren't used, when that has changed. s.mu is held.
func (s *keySet) say(left []skipped) {
	said := fmt.Sprint(len(s.keys), left)
	if said == s.said {
		return
	}
	s.said = said
	for _, k := range left[:min(len(left), 20)] {
		s.cfg.Log.Info("token_key_unused", "from", s.from, "kid", fmt.Sprintf("%.64s", k.id), "reason", k.why)
	}
	if len(s.keys) == 0 {
		s.cfg.Log.Warn("token_keys_missing", "from", s.from)
	}
}

func (s *keySet) fetch() ([]byte, fs.FileInfo, error) {
	if s.cfg.Client == nil {
		file, err := os.Stat(s.cfg.JWKS)
		if err != nil {
			return nil, nil, err
		}
		b, err := os.ReadFile(s.cfg.JWKS)
		return b, file, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), fetchTime)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, s.cfg.JWKS, nil)
	if err != nil {
		return nil, nil, err
	}
	resp, err := s.cfg.Client.Do(q)
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err // without the URL
	}
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, nil, errors.New(resp.Status)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxKeySet+1))
	if err == nil && len(b) > maxKeySet {
		err = errors.New("it is longer than 1 MiB")
	}
	return b, nil, err
}

// redirected refuses to go on for keys without encryption where it was asked for, or for long.
func redirected(next *http.Request, via []*http.Request) error {
	switch {
	case via[0].URL.Scheme == "https" && next.URL.Scheme != "https":
		return errors.New("it is said to be where nothing is encrypted")
	case len(via) >= 5:
		return errors.New("it is said to be elsewhere too often")
	}
	return nil
}

// look reads a file that has changed again.
func (s *keySet) look(now time.Time) {
	s.mu.Lock()
	soon := now.Sub(s.triedAt) < statEvery
	before := s.file
	if !soon {
		s.triedAt = now
	}
	s.mu.Unlock()
	if soon {
		return
	}
	file, err := os.Stat(s.cfg.JWKS)
	if err == nil && before != nil && file.ModTime().Equal(before.ModTime()) && file.Size() == before.Size() && os.SameFile(file, before) {
		return
	}
	_, _, _ = s.reads.Do("", s.refresh) // said in the log; the keys of before hold
}

// among reports whether any of the values is wanted; where nothing is wanted all are.
func among(wanted []string, values ...string) bool {
	return len(wanted) == 0 || slices.ContainsFunc(values, func(v string) bool { return v != "" && slices.Contains(wanted, v) })
}
