package wire

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// row is a line of a table in docs/protocol.md, cell by cell.
type row []string

// section returns the rows of the tables below a heading, and its text.
func section(t *testing.T, heading string) (rows []row, text string) {
	t.Helper()
	doc, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	level := strings.Repeat("#", strings.Count(heading, "#"))
	_, text, found := strings.Cut(string(doc), "\n"+heading+"\n")
	if !found {
		t.Fatalf("docs/protocol.md has no %q", heading)
	}
	text = regexp.MustCompile(`\n#{1,`+strconv.Itoa(len(level))+`} `).Split(text, 2)[0]
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "|---") {
			rows = append(rows, strings.Split(strings.Trim(strings.ReplaceAll(line, "| |", "|  |"), "|"), " | "))
		}
	}
	if len(rows) < 2 {
		t.Fatalf("below %q there is no table", heading)
	}
	return rows[1:], text
}

// names returns what stands in backticks.
func names(text string) (list []string) {
	for _, m := range regexp.MustCompile("`([a-z_0-9]+)`").FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	return list
}

// same compares what the document has with what the program has.
func same(t *testing.T, what string, documented, is map[string]string) {
	t.Helper()
	for name := range maps.Keys(documented) {
		if is[name] == "" {
			t.Errorf("%s: docs/protocol.md has %s, the table hasn't", what, name)
		}
	}
	for name, says := range is {
		if documented[name] != says {
			t.Errorf("%s: docs/protocol.md has of %s %q, the table %q", what, name, documented[name], says)
		}
	}
}

// marked is a mark where it is on.
func marked(on bool, mark string) string {
	if on {
		return mark
	}
	return "-"
}

// TestRequestsAreDocumented: names, marks, answers and whose they are.
func TestRequestsAreDocumented(t *testing.T) {
	rows, text := section(t, "### Client → server")
	_, again, _ := strings.Cut(text, "\n`armed`, ")
	again, _, _ = strings.Cut("`armed`, "+again, "latest word")
	documented, is := map[string]string{}, map[string]string{}
	for _, r := range rows {
		answer := names(r[len(r)-1])[0]
		for _, name := range names(r[0]) {
			documented[name] = fmt.Sprint(answer, marked(strings.Contains(r[0], "●"), " fixed"), marked(strings.Contains(r[0], "(leader)"), " leads"),
				marked(slices.Contains(names(again), name), " again"))
		}
	}
	for _, q := range Requests() {
		is[q.Name] = fmt.Sprint(q.Answer, marked(q.Fixed, " fixed"), marked(q.Leads, " leads"), marked(q.Again, " again"))
	}
	same(t, "requests", documented, is)
}

// TestEventsAreDocumented: names, marks, which come twice.
func TestEventsAreDocumented(t *testing.T) {
	rows, _ := section(t, "### Server → client")
	answers, _ := section(t, "### Answers")
	documented, is := map[string]string{}, map[string]string{}
	for _, r := range append(rows, answers...) {
		for _, m := range regexp.MustCompile("(● )?`([a-z_]+)`").FindAllStringSubmatch(strings.Split(r[0], "(")[0], -1) {
			documented[m[2]] = fmt.Sprint(marked(m[1] != "", " fixed"), marked(strings.Contains(r[0], "⇉"), " twice"))
		}
	}
	for _, e := range Events() {
		is[e.Name] = fmt.Sprint(marked(e.Fixed, " fixed"), marked(e.TwoWays, " twice"))
	}
	same(t, "events", documented, is)
}

// TestRolesAreDocumented: what the roles that never lead may send.
func TestRolesAreDocumented(t *testing.T) {
	rows, _ := section(t, "#### Roles")
	for role, by := range map[string]Sender{"observer": Observer, "watcher": Watcher} {
		i := slices.IndexFunc(rows, func(r row) bool { return strings.Contains(r[0], "`"+role+"`") })
		documented, is := map[string]string{}, map[string]string{}
		for _, name := range names(rows[i][1]) {
			documented[name] = "may"
		}
		for _, q := range Requests() {
			if q.By == by && q.Name != JoinSession {
				is[q.Name] = "may"
			}
		}
		same(t, "requests of "+role, documented, is)
	}
}

// TestCodesAreDocumented: codes and statuses.
func TestCodesAreDocumented(t *testing.T) {
	documented, is := map[string]string{}, map[string]string{}
	for _, heading := range []string{"### Of the session", "### Of access", "### Of the transport", "### Of uploads", "### Of downloads"} {
		rows, _ := section(t, heading)
		for _, r := range rows {
			for _, name := range names(r[0]) {
				documented[name] = cmp.Or(strings.TrimSpace(r[1]), "0")
			}
		}
	}
	for _, c := range Codes() {
		is[c.Name] = strconv.Itoa(c.Status)
	}
	same(t, "codes", documented, is)
}

// TestClosesAreDocumented: codes, reasons, and after which a client stays away.
func TestClosesAreDocumented(t *testing.T) {
	rows, _ := section(t, "## Closing")
	documented, is := map[string]string{}, map[string]string{}
	for _, r := range rows {
		if code := strings.TrimSpace(r[0]); code >= "4000" {
			documented[code] = regexp.MustCompile("`([^`]*)`").FindStringSubmatch(r[1])[1] + marked(strings.HasPrefix(r[2], "no"), " final")
		}
	}
	for _, c := range Closes() {
		is[strconv.Itoa(c.Code)] = c.Reason + marked(c.Final, " final")
	}
	same(t, "closes", documented, is)
}
