package access

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// TestSignedLinks: a link opens its own path, as it was made, for most of an hour.
func TestSignedLinks(t *testing.T) {
	now := time.Date(2026, 11, 25, 15, 14, 0, 0, time.UTC)
	with := func(cfg Config) *Policy {
		t.Helper()
		cfg.Now = func() time.Time { return now }
		return policy(t, cfg)
	}
	p := with(Config{Mode: Link, AdminKey: strings.Repeat("k", 16)})
	const path = "/api/sessions/studio/recordings/a/file"
	link, err := url.Parse(p.Sign(path))
	if err != nil || link.Path != path || !IsSigned(link.Query()) {
		t.Fatalf("%v, %v", link, err)
	}
	opens := func(name string, p *Policy, path string, q url.Values, code string) {
		t.Helper()
		t.Log(name)
		wantCode(t, p.Opens(path, q), code)
	}
	changed := func(key, value string) url.Values {
		q := link.Query()
		q.Set(key, value)
		return q
	}
	good := link.Query().Get("signature")
	opens("as made", p, path, link.Query(), "")
	opens("another path", p, path+"/", link.Query(), wire.CodeBadLink)
	opens("nothing", p, path, nil, wire.CodeBadLink)
	opens("longer", p, path, changed("expires", "99999999999"), wire.CodeBadLink)
	opens("no end", p, path, changed("expires", ""), wire.CodeBadLink)
	opens("no signature", p, path, changed("signature", ""), wire.CodeBadLink)
	opens("cut", p, path, changed("signature", good[:len(good)-1]), wire.CodeBadLink)
	opens("padded", p, path, changed("signature", good+"="), wire.CodeBadLink)
	opens("the same admin key", with(Config{Mode: Link, AdminKey: strings.Repeat("k", 16)}), path, link.Query(), "")
	opens("another admin key", with(Config{Mode: Link, AdminKey: strings.Repeat("l", 16)}), path, link.Query(), wire.CodeBadLink)

	made := now
	now = made.Add(time.Second)
	if again := p.Sign(path); again != link.String() {
		t.Errorf("a second later the link is another: %s", again)
	}
	now = made.Add(50 * time.Minute)
	opens("after 50 minutes", p, path, link.Query(), "")
	now = made.Add(time.Hour)
	opens("after an hour", p, path, link.Query(), wire.CodeLinkExpired)

	if got := with(Config{}).Sign(path); got != path {
		t.Errorf("in mode open %s", got)
	}
	tokens := Config{Mode: Token, HMACKey: []byte(strings.Repeat("k", 32))}
	one, other := with(tokens), with(tokens)
	made2, _ := url.Parse(one.Sign(path))
	opens("token", one, path, made2.Query(), "")
	opens("of another process", other, path, made2.Query(), wire.CodeBadLink)
}
