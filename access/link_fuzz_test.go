package access

import (
	"net/url"
	"slices"
	"testing"
	"time"
)

// FuzzLinkKey: of all keys a session's own and the admin key get in, each to what it is for.
func FuzzLinkKey(f *testing.F) {
	p, err := New(Config{Mode: Link, AdminKey: admin})
	if err != nil {
		f.Fatal(err)
	}
	keys := p.Keys("studio")
	for _, key := range []string{keys.Device, keys.Watch, keys.Direct, admin, admin + " ", keys.Device[:24], "", "\x00"} {
		f.Add("studio", key)
		f.Add("Studio", key)
	}
	f.Fuzz(func(t *testing.T, id, key string) {
		own := p.Keys(id)
		known := id != "" && slices.Contains([]string{own.Device, own.Watch, own.Direct}, key)
		a, err := p.Join(Claim{SessionID: id, Key: key})
		if (err == nil) != (known || key == admin) || a.Rules != (key == admin) {
			t.Errorf("%q joins %q: %+v, %v", key, id, a, err)
		}
		for act, keys := range map[Act][]string{See: {own.Device, own.Watch, own.Direct}, Look: {own.Device, own.Direct}, Command: {own.Direct}, Rule: nil} {
			if may := p.Call(act, id, key) == nil; may != (key == admin || id != "" && slices.Contains(keys, key)) {
				t.Errorf("%q may do %d in %q: %v", key, act, id, may)
			}
		}
	})
}

// FuzzSignedLink: a query opens what it was made for, and nothing else.
func FuzzSignedLink(f *testing.F) {
	now := time.Date(2026, 11, 25, 15, 14, 0, 0, time.UTC)
	p, err := New(Config{Mode: Link, AdminKey: admin, Now: func() time.Time { return now }})
	if err != nil {
		f.Fatal(err)
	}
	const path = "/api/sessions/studio/recordings/a/file"
	signed, err := url.Parse(p.Sign(path))
	if err != nil {
		f.Fatal(err)
	}
	granted := p.Grant("studio", path)
	for _, query := range []string{signed.RawQuery, granted.Encode(), signed.RawQuery + "&signature=", "expires=9999999999&signature=x", "session=studio", "%", ";"} {
		f.Add(path, query)
		f.Add(path+"/", query)
	}
	f.Fuzz(func(t *testing.T, at, raw string) {
		query, _ := url.ParseQuery(raw) // what a request has of a query that is malformed
		is := func(made url.Values, name string) bool { return query.Get(name) == made.Get(name) }
		made := signed.Query()
		if p.Opens(at, query) == nil && (at != path || !is(made, "expires") || !is(made, "signature")) {
			t.Errorf("%q opens %q", raw, at)
		}
		if id, err := p.Granted(at, query); err == nil && (id != "studio" || at != path || !is(granted, "signature")) {
			t.Errorf("%q is granted %q, of %q", raw, at, id)
		}
	})
}
