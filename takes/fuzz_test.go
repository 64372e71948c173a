package takes_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/takes"
)

// quoted is a text as a shell takes it for one word, whatever is in it.
var quoted = regexp.MustCompile(`'[^']*'(?:\\''[^']*')*`)

// added is a line of the script that adds a file, without the words in quotes.
var added = regexp.MustCompile(`^if add  -?[0-9.]+ -?[0-9.]+ -?[0-9.]+; then set -- "\$@" -reinit_filter 0 -format_whitelist "\$formats" -itsoffset "\$shift" -i ; fi$`)

// FuzzManifest reads any file as a manifest. What is read is written and read again as the same; what is made
// of it is JSON, and a script in which nothing of the manifest stands outside of quotes.
func FuzzManifest(f *testing.F) {
	take := takeOf(made("a", "front", "a-1.webm", "video/webm;codecs=vp8,opus", 0, 3*time.Second), made("b", "it's", "b.mp4", "video/mp4", 40*time.Millisecond, 2*time.Second),
		made("c", "", "$(reboot).m4a", "audio/mp4", time.Second, time.Second))
	whole, err := take.Encode()
	if err != nil {
		f.Fatal(err)
	}
	for _, b := range []string{
		string(whole), `{"version":2}`, `{"version":1,"recordings":[{"file":"../x"}]}`, `{"version":1,"recordings":[{"durationMs":1e308}]}`, `null`, `[`,
		strings.Replace(string(whole), `"a-1.webm"`, `"-i '; reboot\n'"`, 1), strings.ReplaceAll(string(whole), `"b-e798"`, `"a-e798"`),
	} {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		take, err := takes.DecodeManifest(b)
		if err != nil {
			return
		}
		told, err := take.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := takes.DecodeManifest(told)
		if err != nil {
			t.Fatalf("%s was written, and isn't read: %v", told, err)
		}
		if once, _ := again.Encode(); string(once) != string(told) {
			t.Fatalf("%s became %s", told, once)
		}
		for _, names := range []takes.Names{takes.Kept, takes.Downloaded} {
			if document, err := takes.Timeline(take, names); err == nil && !json.Valid(document) || err != nil && err != takes.ErrNothing {
				t.Fatalf("%s became %s, %v", b, document, err)
			}
			script, err := takes.Script(take, names)
			if err != nil && err != takes.ErrNothing {
				t.Fatal(err)
			}
			checkScript(t, string(script))
		}
	})
}

// checkScript looks for lines in which a name is more than a word in quotes.
func checkScript(t *testing.T, script string) {
	t.Helper()
	_, adds, _ := strings.Cut(script, "\ncell\n")
	bare := quoted.ReplaceAllString(adds, "")
	for _, line := range slices.Collect(strings.Lines(bare)) {
		if strings.HasPrefix(line, "if add") && !added.MatchString(strings.TrimSuffix(line, "\n")) {
			t.Fatalf("the script has the line %q", line)
		}
	}
	head, _, _ := strings.Cut(script, "\nset -eu\n")
	for line := range strings.SplitSeq(head, "\n") {
		if line != "" && !strings.HasPrefix(line, "#") {
			t.Fatalf("the script begins with the line %q", line)
		}
	}
}
