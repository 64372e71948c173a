package testutil

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// LoggedEvent is a row of the table of events.
type LoggedEvent struct{ Level, Keys string }

// EventTable reads the table of events in docs/operating.md.
func EventTable(t testing.TB) map[string]LoggedEvent {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join(Root(), "docs", "operating.md"))
	Check(t, err)
	table := map[string]LoggedEvent{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (info|warn|error|any) \\|([^|]*)\\|").FindAllStringSubmatch(string(doc), -1) {
		if table[row[1]].Level != "" {
			t.Errorf("docs/operating.md has two rows for %s", row[1])
		}
		table[row[1]] = LoggedEvent{row[2], " " + strings.NewReplacer("`", "", ",", "").Replace(row[3]) + " "}
	}
	return table
}
