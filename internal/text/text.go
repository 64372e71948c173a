// Package text says what of people's writing the service accepts, and how long it is.
//
// Whatever people write is text: any script, emoji with their joiners, no-break and
// ideographic spaces. Refused is only what isn't there to be read, or what makes a line
// read otherwise than it is written: control characters, line and paragraph separators,
// and the marks that override, embed or isolate the direction of what follows them.
package text

import (
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// BytesPerCharacter bounds what a text weighs: it has at most as many times as many bytes
// as it may have characters. A family of four is one character of 25 bytes.
const BytesPerCharacter = 16

// Clean returns s in normalisation form C, and whether it is text of at most limit
// characters as people count them (extended grapheme clusters) and BytesPerCharacter
// times as many bytes. Two spellings of the same text become one. What isn't text is
// returned as it was.
func Clean(s string, limit int) (clean string, ok bool) {
	if len(s) > 3*BytesPerCharacter*limit || !readable(s) { // form C is at most three times shorter
		return s, false
	}
	clean = norm.NFC.String(s)
	if len(clean) > BytesPerCharacter*limit || len(clean) > limit && uniseg.GraphemeClusterCount(clean) > limit {
		return s, false
	}
	return clean, true
}

// Fits reports whether s is text of at most limit bytes. It is for what programs read,
// such as URLs, where another spelling is another thing.
func Fits(s string, limit int) bool { return len(s) <= limit && readable(s) }

func readable(s string) bool {
	for i, r := range s {
		if refused(r) || r == utf8.RuneError && !isReplacement(s[i:]) {
			return false
		}
	}
	return true
}

// isReplacement tells the character U+FFFD from bytes that aren't UTF-8.
func isReplacement(s string) bool {
	_, size := utf8.DecodeRuneInString(s)
	return size > 1
}

// refused reports whether r has no place in a line of text.
func refused(r rune) bool {
	switch {
	case unicode.IsControl(r): // Cc
		return true
	case r == '\u2028' || r == '\u2029': // line and paragraph separator
		return true
	}
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' // overrides, embeddings, isolates
}
