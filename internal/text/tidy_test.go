package text_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/downbeat-sync/downbeat/internal/text"
)

func TestTidy(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"as it is": {"田中　太郎", "田中　太郎"}, "lines": {"a\nb\u2028c", "a b c"}, "turned": {"a\u202eb", "a b"},
		"too long": {strings.Repeat("🏳️‍🌈", 9), strings.Repeat("🏳️‍🌈", 8)}, "bytes": {"a\xffb", "a b"}, "empty": {"", ""},
		"two spellings": {"e\u0301", "é"}, "a pile": {"a" + strings.Repeat("\u0301", 400), ""},
	} {
		if got := text.Tidy(c.in, 8); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func FuzzTidy(f *testing.F) {
	f.Add("a\nb", 8)
	f.Add("🏳️‍🌈\xff", 1)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = 1 + (limit&0xff+0xff)&0xff
		tidy := text.Tidy(s, limit)
		if _, ok := text.Clean(tidy, limit); !ok || !utf8.ValidString(tidy) {
			t.Errorf("%q became %q, which isn't text of %d characters", s, tidy, limit)
		}
	})
}
