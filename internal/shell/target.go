package shell

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/lan"
	"github.com/downbeat-sync/downbeat/wire"
)

// Address says which server and which session is meant, and who asks.
type Address struct {
	URL     string // of the server, or a link of the console's with session and key; several instances' with commas between them
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
	urls    []string // of the instances, without a slash at their ends; the first one is in use
	session string   // empty: none
	key     string   // empty: none
	token   string   // empty: none
	tls     *tls.Config
	http    *http.Client
}

// open reads the addresses and the links.
func (f *Address) open() (*target, error) {
	t := &target{session: f.Session, key: f.Key, token: f.Token}
	for link := range strings.SplitSeq(f.URL, ",") {
		if err := t.add(strings.TrimSpace(link)); err != nil {
			return nil, UsageError{err}
		}
	}
	if f.CA != "" {
		roots, err := lan.ReadRoots(f.CA)
		if err != nil {
			return nil, UsageError{fmt.Errorf("--ca: %w", err)}
		}
		t.tls = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	dialer := net.Dialer{Timeout: dialTime}
	t.http = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: t.tls, DialContext: dialer.DialContext}}
	return t, nil
}

// add reads one address or link. What was said before counts more than what a link says.
func (t *target) add(link string) error {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		shown, _, _ := strings.Cut(link, "#") // behind it are keys
		return fmt.Errorf("--url: %q: a server's address begins with http:// or https://, such as http://192.168.1.20:8080", shown)
	}
	inLink, err := url.ParseQuery(u.Fragment)
	if err != nil {
		return errors.New("--url: what is behind the # isn't of a link of Downbeat's")
	}
	t.session = cmp.Or(t.session, u.Query().Get("session"))
	t.key = cmp.Or(t.key, inLink.Get("key"), inLink.Get("admin"))
	t.token = cmp.Or(t.token, inLink.Get("token"))
	for _, page := range []string{"/device", "/watch"} {
		u.Path = strings.TrimSuffix(u.Path, page)
	}
	u.RawQuery, u.Fragment = "", ""
	is := strings.TrimRight(u.String(), "/")
	if slices.Contains(t.urls, is) {
		fmt.Fprintf(os.Stderr, "downbeat: --url has %s twice\n", is)
		return nil
	}
	t.urls = append(t.urls, is)
	return nil
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

const (
	callTime = 15 * time.Second // one call may take
	dialTime = 4 * time.Second  // a connection may take until the next address is tried
)

// call makes a call of the HTTP API, and decodes the answer into what isn't nil. Where an instance can't be reached
// or isn't ready the next one is asked.
func (t *target) call(ctx context.Context, method, at string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var sent []byte
	if body != nil {
		var err error
		if sent, err = json.Marshal(body); err != nil {
			return err
		}
	}
	for left := len(t.urls) - 1; ; left-- {
		err := t.ask(ctx, method, at, sent, into)
		if left == 0 || !unreached(err) {
			return err
		}
		was := t.urls[0]
		t.urls = append(t.urls[1:], was)
		fmt.Fprintf(os.Stderr, "downbeat: %s doesn't serve (%v); trying %s\n", was, err, t.urls[0])
	}
}

// unreached tells whether a call that failed has changed nothing, and another instance may do better.
func unreached(err error) bool {
	var refused *apiError
	if errors.As(err, &refused) {
		return refused.Code == wire.CodeUnavailable
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// ask makes a call of the instance in use.
func (t *target) ask(ctx context.Context, method, at string, body []byte, into any) error {
	q, err := http.NewRequestWithContext(ctx, method, t.urls[0]+at, bytes.NewReader(body))
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
