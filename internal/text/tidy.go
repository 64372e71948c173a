package text

import (
	"strings"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// Tidy makes text of at most limit characters of whatever a program says, such as an
// error of a browser or a camera's name: what isn't readable becomes a space, and the
// rest is cut off. What people write is refused instead, by [Clean].
func Tidy(s string, limit int) string {
	s = strings.ToValidUTF8(s[:min(len(s), 3*BytesPerCharacter*limit)], " ")
	s = norm.NFC.String(strings.Map(func(r rune) rune {
		if refused(r) {
			return ' '
		}
		return r
	}, s))
	end, state := 0, -1
	for range limit {
		cluster, _, _, next := uniseg.StepString(s[end:], state)
		if cluster == "" || end+len(cluster) > BytesPerCharacter*limit {
			break
		}
		end, state = end+len(cluster), next
	}
	return s[:end]
}
