package shell

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/lan"
)

// Address says which server and which session is meant, and who asks.
type Address struct {
	URL     string // of the server, or a link of the console's with session and key
	Session string // where the link has none
	Key     string // the admin key or one of the session, where the link has none
	Token   string // the creator's or a JSON Web Token, where the link has none
	CA      string // file with the certificate of the authority that the server is trusted by, PEM; empty: the system's
}

// UsageError is a mistake in what was asked for.
type UsageError struct{ Err error }

func (e UsageError) Error() string { return e.Err.Error() }

// Usage marks a mistake in what was asked for.
func Usage(err error) error { return UsageError{err} }

// Unwrap returns what the mistake is.
func (e UsageError) Unwrap() error { return e.Err }

// target is a server and a session there, and who calls.
type target struct {
	url     string // of the server, without a slash at its end
	session string // empty: none
	key     string // empty: none
	token   string // empty: none
	tls     *tls.Config
	http    *http.Client
}

// open reads the address and the link.
func (f *Address) open() (*target, error) {
	u, err := url.Parse(f.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, UsageError{errors.New("--url: a server's address begins with http:// or https://, such as http://192.168.1.20:8080")}
	}
	inLink, err := url.ParseQuery(u.Fragment)
	if err != nil {
		return nil, UsageError{errors.New("--url: what is behind the # isn't of a link of Downbeat's")}
	}
	t := &target{
		session: cmp.Or(f.Session, u.Query().Get("session")),
		key:     cmp.Or(f.Key, inLink.Get("key"), inLink.Get("admin")),
		token:   cmp.Or(f.Token, inLink.Get("token")),
	}
	for _, page := range []string{"/device", "/watch"} {
		u.Path = strings.TrimSuffix(u.Path, page)
	}
	u.RawQuery, u.Fragment = "", ""
	t.url = strings.TrimRight(u.String(), "/")
	if f.CA != "" {
		roots, err := lan.ReadRoots(f.CA)
		if err != nil {
			return nil, UsageError{fmt.Errorf("--ca: %w", err)}
		}
		t.tls = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	t.http = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: t.tls}}
	return t, nil
}

// openSession is open for what needs a session.
func (f *Address) openSession() (*target, error) {
	t, err := f.open()
	if err == nil && t.session == "" {
		err = UsageError{errors.New("--session NAME, or a link that has it, says which session is meant; downbeat sessions lists them")}
	}
	return t, err
}

// apiError is a refusal of the server's.
type apiError struct{ Code, Message string }

func (e *apiError) Error() string { return e.Message + " (" + e.Code + ")" }

// callTime is how long one call may take.
const callTime = 15 * time.Second

// call makes a call of the HTTP API, and decodes the answer into what isn't nil.
func (t *target) call(ctx context.Context, method, at string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var sent io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = strings.NewReader(string(b))
	}
	q, err := http.NewRequestWithContext(ctx, method, t.url+at, sent)
	if err != nil {
		return err
	}
	if secret := cmp.Or(t.token, t.key); secret != "" {
		q.Header.Set("Authorization", "Bearer "+secret)
	}
	r, err := t.http.Do(q)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	return decodeAnswer(r, into)
}

// mostAnswer bounds an answer in bytes.
const mostAnswer = 64 << 20

func decodeAnswer(r *http.Response, into any) error {
	b, err := io.ReadAll(io.LimitReader(r.Body, mostAnswer))
	if err != nil {
		return err
	}
	if r.StatusCode >= 300 {
		var refused struct{ Error apiError }
		if json.Unmarshal(b, &refused) != nil || refused.Error.Code == "" {
			return fmt.Errorf("the server answered %s", r.Status)
		}
		return &refused.Error
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("this isn't a Downbeat server: %w", err)
	}
	return nil
}

// at is the path of what belongs to the session.
func (t *target) at(parts ...string) string {
	escaped := []string{"/api/sessions", url.PathEscape(t.session)}
	for _, part := range parts {
		escaped = append(escaped, url.PathEscape(part))
	}
	return strings.Join(escaped, "/")
}
