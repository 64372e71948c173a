package nats

import (
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/atomicfile"
)

// lives tells what is in a store, and closes it.
func lives(t *testing.T, s *Store) map[string]string {
	t.Helper()
	there := map[string]string{}
	all, err := s.List(t.Context(), "s.>")
	if err != nil {
		t.Error(err)
	}
	for _, e := range all {
		there[e.Key] = string(e.Value)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return there
}

func copyDir(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestLoss: whatever is cut off, removed or changed of any file of the store, a start either has all that
// was acknowledged, or says that it hasn't.
func TestLoss(t *testing.T) {
	dir, blocks := stored(t)
	s, err := Open(t.Context(), Config{Dir: copyDir(t, dir)})
	if err != nil {
		t.Fatal(err)
	}
	all := lives(t, s)
	if len(all) != 33 {
		t.Fatalf("%d are there", len(all))
	}
	var files []string
	err = filepath.WalkDir(dir, func(name string, f os.DirEntry, err error) error {
		if err == nil && f.Type().IsRegular() && f.Name() != lockFile {
			files = append(files, strings.TrimPrefix(name, dir))
		}
		return err
	})
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	opened, refused := 0, 0
	try := func(what string, harm func(dir string)) {
		t.Helper()
		copied := copyDir(t, dir)
		harm(copied)
		s, err := Open(t.Context(), Config{Dir: copied})
		if err != nil {
			refused++
			for _, words := range []string{"damaged", "has lost", "isn't a data directory"} {
				if strings.Contains(err.Error(), words) {
					return
				}
			}
			t.Errorf("%s: %v", what, err)
			return
		}
		opened++
		if there := lives(t, s); !maps.Equal(there, all) {
			t.Errorf("%s: opened with %d of %d", what, len(there), len(all))
		}
	}
	for _, f := range files {
		size := func(dir string) int64 { info, _ := os.Stat(dir + f); return info.Size() }
		try("without "+f, func(dir string) { _ = os.Remove(dir + f) })
		try(f+" empty", func(dir string) { _ = os.Truncate(dir+f, 0) })
		try(f+" halved", func(dir string) { _ = os.Truncate(dir+f, size(dir)/2) })
		try(f+" changed", func(dir string) { change(t, dir+f, func(b []byte) []byte { b[len(b)/2] ^= 1; return b }) })
	}
	last := strings.TrimPrefix(blocks[len(blocks)-1].file, dir)
	info, err := os.Stat(dir + last)
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(30) {
		at := info.Size() * (i + 1) / 31
		try(fmt.Sprintf("%s cut at %d", last, at), func(dir string) { _ = os.Truncate(dir+last, at) })
	}
	try("without the store", func(dir string) { _ = os.RemoveAll(filepath.Join(dir, storeDir)) })
	if opened < 5 || refused < 20 {
		t.Errorf("%d opened, %d refused", opened, refused)
	}
}

// TestAcceptedLoss: who accepts a loss goes on with what is left, once and for all.
func TestAcceptedLoss(t *testing.T) {
	dir, _ := stored(t)
	if err := os.RemoveAll(filepath.Join(dir, storeDir)); err != nil {
		t.Fatal(err)
	}
	for range 2 { // it is said again until it is accepted
		if _, err := Open(t.Context(), Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "has lost 33 of 33 entries") ||
			!strings.Contains(err.Error(), "of the sessions 1, 10, 11, 13, 14 and 28 more") {
			t.Fatal(err)
		}
	}
	for _, accept := range []bool{true, false} {
		s, err := Open(t.Context(), Config{Dir: dir, AcceptLoss: accept})
		if err != nil {
			t.Fatal(err)
		}
		if there := lives(t, s); len(there) != 0 {
			t.Errorf("there are %v", there)
		}
	}
}

// TestNoFalseAlarm: a journal that is torn, older than the store, or not there raises none.
func TestNoFalseAlarm(t *testing.T) {
	dir, _ := stored(t)
	name := filepath.Join(dir, journalFile)
	journal, err := os.ReadFile(name)
	if err != nil || len(journal) < 500 {
		t.Fatal(err)
	}
	for _, content := range [][]byte{nil, journal[:len(journal)/3], append(slices.Clone(journal), make([]byte, 100)...), append(slices.Clone(journal), "12 17 p s.x.meta"...), []byte("x\n\n\x00\n")} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), Config{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if there := lives(t, s); len(there) != 33 {
			t.Errorf("%d are there", len(there))
		}
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	lives(t, s)
	if after, err := os.ReadFile(name); err != nil || len(after) == 0 {
		t.Errorf("the journal isn't begun anew: %v", err)
	}
}

// TestJournalStaysSmall: it is written anew when it has many lines for few keys, and knows the same after.
func TestJournalStaysSmall(t *testing.T) {
	name := filepath.Join(t.TempDir(), journalFile)
	j, err := openJournal(name, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := j.adopt(map[string]acked{}); err != nil {
		t.Fatal(err)
	}
	const writes = 3*leastLines + 7
	for i := range uint64(writes) {
		j.add(fmt.Sprintf("s.%d.meta", i%100), i+1, i%100 == 99)
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(name)
	if err != nil || strings.Count(string(b), "\n") > leastLines+1 {
		t.Errorf("%d lines, %v", strings.Count(string(b), "\n"), err)
	}
	again, err := openJournal(name, slog.New(slog.DiscardHandler))
	if err != nil || len(again.known) != 100 || again.known["s.6.meta"].revision != writes {
		t.Errorf("%d are known, %+v, %v", len(again.known), again.known["s.6.meta"], err)
	}
	if lost := again.lost(map[string]acked{}, time.Now().Add(maxAge)); len(lost) != 0 {
		t.Errorf("what age has removed is lost: %v", lost)
	}
}

// FuzzAcked: what is written is read back, and nothing else is taken for a line.
func FuzzAcked(f *testing.F) {
	f.Add("s.studio.meta", uint64(7), true, []byte("7 1 p s.x 00000000\n"))
	f.Fuzz(func(t *testing.T, key string, revision uint64, deleted bool, line []byte) {
		if key != "" && !strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
			want := acked{revision, time.Unix(17, 0), deleted}
			if k, a, ok := parseAcked(want.line(key)); !ok || k != key || a != want {
				t.Errorf("%q %+v is read as %q %+v", key, want, k, a)
			}
		}
		if k, a, ok := parseAcked(line); ok && string(a.line(k)) != string(line) {
			t.Errorf("%q is taken for %q %+v", line, k, a)
		}
	})
}

// TestJournalGoesOn after it could not be written anew: nothing of it is lost.
func TestJournalGoesOn(t *testing.T) {
	name := filepath.Join(t.TempDir(), journalFile)
	j, err := openJournal(name, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := j.adopt(map[string]acked{}); err != nil {
		t.Fatal(err)
	}
	j.add("s.a.meta", 1, false)
	blocked := name + atomicfile.Temporary
	if err := os.MkdirAll(filepath.Join(blocked, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range uint64(leastLines + 1) {
		j.add("s.b.meta", 2+i, false)
	}
	if !j.sick {
		t.Fatal("it was written anew")
	}
	if err := os.RemoveAll(blocked); err != nil {
		t.Fatal(err)
	}
	j.add("s.c.meta", 2*leastLines, false)
	if err := j.close(); err != nil || j.sick || j.lines > 3 {
		t.Errorf("%d lines, %v", j.lines, err)
	}
	again, err := openJournal(name, slog.New(slog.DiscardHandler))
	if err != nil || len(again.known) != 3 || again.known["s.b.meta"].revision != leastLines+2 {
		t.Errorf("known are %+v, %v", again.known, err)
	}
}

// TestKilledAtFirst: a data directory opens whatever a first start that was killed has left.
func TestKilledAtFirst(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{formatFile + atomicfile.Temporary, adminKey + atomicfile.Temporary, adminKey, lockFile} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, end := start(t, Config{Dir: dir})
	end()
}
