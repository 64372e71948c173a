package text_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/downbeat-sync/downbeat/internal/text"
)

func TestClean(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"empty":                     {"", ""},
		"joiner emoji":              {"🏳️‍🌈 Kim", "🏳️‍🌈 Kim"},
		"family":                    {"👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"},
		"flag of tags":              {"🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"},
		"Persian half-space":        {"می\u200cخواهم", "می\u200cخواهم"},
		"ideographic space":         {"田中　太郎", "田中　太郎"},
		"no-break space":            {"Jean\u00a0Paul", "Jean\u00a0Paul"},
		"screen recording":          {"Screen Recording 2026-11-27 at 3.04.05\u202fPM.mov", "Screen Recording 2026-11-27 at 3.04.05\u202fPM.mov"},
		"soft hyphen":               {"Donau\u00addampf", "Donau\u00addampf"},
		"right-to-left mark":        {"שלום\u200f!", "שלום\u200f!"},
		"a new emoji":               {"\U0001fae9 x", "\U0001fae9 x"},
		"decomposed":                {"Zoe\u0308", "Zoë"},
		"decomposed Hangul":         {"\u1112\u1161\u11ab", "한"},
		"the replacement character": {"\ufffd", "\ufffd"},
	} {
		if got, ok := text.Clean(c.in, 64); !ok || got != c.want {
			t.Errorf("%s: %q is %q, %v", name, c.in, got, ok)
		}
	}
}

func TestRefused(t *testing.T) {
	for name, in := range map[string]string{
		"NUL": "a\x00b", "line feed": "a\nb", "tab": "a\tb", "delete": "a\x7f", "C1": "a\u0085b", "escape": "\x1b[31m",
		"override": "a\u202egpj.exe", "embedding": "\u202aa", "pop": "a\u202c", "isolate": "\u2066a", "pop isolate": "a\u2069",
		"line separator": "a\u2028b", "paragraph separator": "a\u2029b",
		"not UTF-8": "a\xff", "a surrogate": "\xed\xa0\x80", "too long": strings.Repeat("é", 65),
		"too long, joined": strings.Repeat("👨‍👩‍👧‍👦", 65), "too heavy": "a" + strings.Repeat("\u0334", 1024),
	} {
		if got, ok := text.Clean(in, 64); ok || got != in {
			t.Errorf("%s: accepted as %q", name, got)
		}
	}
	if !text.Fits("https://example.org/Zoe\u0308.mp4", 32) || text.Fits("a\nb", 32) || text.Fits("aaaa", 3) {
		t.Error("Fits counts bytes and refuses what isn't text")
	}
}

// TestLength counts as people do.
func TestLength(t *testing.T) {
	for name, c := range map[string]struct {
		in    string
		count int
	}{
		"ASCII": {"abc", 3}, "decomposed": {"e\u0308e\u0308", 2}, "family": {"👨‍👩‍👧‍👦", 1}, "flags": {"🇩🇪🇫🇷", 2}, "Hangul": {"한국어", 3},
		"skin tone": {"👍🏽👍🏽", 2},
	} {
		_, fits := text.Clean(c.in, max(c.count, len(c.in)/text.BytesPerCharacter+1))
		if _, less := text.Clean(c.in, c.count-1); !fits || less && c.count > 1 {
			t.Errorf("%s isn't %d characters", name, c.count)
		}
	}
	if _, ok := text.Clean(strings.Repeat("🏳️‍🌈", 64), 64); !ok {
		t.Error("64 rainbow flags are 64 characters")
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "Zoe\u0308", "🏳️‍🌈 Kim", "می\u200cخواهم", "a\u202eb", "\xff", "\u1112\u1161\u11ab", "\U0001d160\U0001d160"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = min(max(limit, 0), 1<<16)
		clean, ok := text.Clean(s, limit)
		again, still := text.Clean(clean, limit)
		switch {
		case !ok && clean != s:
			t.Fatalf("%q was refused and changed to %q", s, clean)
		case !ok:
			return
		case !utf8.ValidString(clean) || !norm.NFC.IsNormalString(clean) || len(clean) > text.BytesPerCharacter*limit:
			t.Fatalf("%q was made %q", s, clean)
		case !still || again != clean:
			t.Fatalf("%q, which is clean, was made %q, %v", clean, again, still)
		case strings.ContainsAny(clean, "\x00\n\r\u2028\u2029\u202e\u2066"):
			t.Fatalf("%q was accepted", clean)
		}
		if other, ok := text.Clean(norm.NFD.String(s), limit); ok && other != clean {
			t.Fatalf("%q and its decomposition are %q and %q", s, clean, other)
		}
	})
}
