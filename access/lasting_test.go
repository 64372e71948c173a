package access

import (
	"maps"
	"net/url"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/wire"
)

// TestGrant: a link opens its own path and names its session; nothing of it can be changed.
func TestGrant(t *testing.T) {
	p := policy(t, Config{Mode: Link, AdminKey: strings.Repeat("k", 16)})
	q := p.Grant("cinema", "/media/a film.mp4")
	if id, err := p.Granted("/media/a film.mp4", q); id != "cinema" || err != nil {
		t.Errorf("session %q, %v", id, err)
	}
	changed := func(key, value string) url.Values {
		c := url.Values{}
		maps.Copy(c, q)
		c.Set(key, value)
		return c
	}
	for name, c := range map[string]struct {
		path  string
		query url.Values
	}{
		"another film":      {"/media/b.mp4", q},
		"another session":   {"/media/a film.mp4", changed("session", "other")},
		"another signature": {"/media/a film.mp4", changed("signature", "x")},
		"none":              {"/media/a film.mp4", nil},
		"one that expires":  {"/media/a film.mp4", url.Values{"expires": {"session cinema"}, "signature": q["signature"]}},
	} {
		t.Log(name)
		_, err := p.Granted(c.path, c.query)
		wantCode(t, err, wire.CodeBadLink)
	}
	wantCode(t, p.Opens("/media/a film.mp4", url.Values{"expires": {"session cinema"}, "signature": q["signature"]}), wire.CodeLinkExpired)
	if open := policy(t, Config{}); len(open.Grant("cinema", "/media/x")) != 0 {
		t.Error("an open server signs")
	}
}
