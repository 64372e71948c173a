package nats

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/internal/atomicfile"
	"github.com/downbeat-sync/downbeat/store"
)

const journalFile = "acknowledged.log"

const (
	// forgetDeleted is how long the journal remembers that a key was deleted.
	forgetDeleted = 10 * time.Minute
	// leastLines is how many lines the journal may have before it is written anew.
	leastLines = 10_000
)

// journal is what the store has acknowledged: the newest revision of each key, in a file of its own beside the
// store's. Whatever happens to those, a start tells what of it is gone.
//
// A line is added once the store has answered and before anybody is told. It isn't synced: the store's files
// are. After a power cut the journal may know less than the store has, never more, so that it raises no false alarm.
type journal struct {
	name string
	log  *slog.Logger

	mu    sync.Mutex
	known map[string]acked
	open  bool     // between adopt and close
	file  *os.File // nil until the next line is added
	lines int      // in the file
	sick  bool
}

// acked is the newest that was acknowledged of a key.
type acked struct {
	revision uint64
	at       time.Time // by the wall clock, to know what age may have removed
	deleted  bool
}

// openJournal reads a journal; none is there of a new store, and of one of before there were journals.
func openJournal(name string, log *slog.Logger) (*journal, error) {
	j := &journal{name: name, log: log, known: map[string]acked{}}
	b, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read what was acknowledged: %w", err)
	}
	bad := 0
	for line := range bytes.Lines(b) {
		key, a, ok := parseAcked(line)
		if !ok {
			bad++
			continue
		}
		j.note(key, a)
	}
	if bad > 1 { // the last one may be torn
		log.Warn("acknowledged_damaged", "file", name, "lines", bad)
	}
	return j, nil
}

func (j *journal) note(key string, a acked) {
	if a.revision >= j.known[key].revision {
		j.known[key] = a
	}
}

// line is a key as the journal has it: revision, seconds, p for put or d for deleted, key, checksum.
func (a acked) line(key string) []byte {
	what := 'p'
	if a.deleted {
		what = 'd'
	}
	b := fmt.Appendf(nil, "%d %d %c %s", a.revision, a.at.Unix(), what, key)
	return fmt.Appendf(b, " %08x\n", crc32.ChecksumIEEE(b))
}

func parseAcked(line []byte) (key string, a acked, ok bool) {
	line, whole := bytes.CutSuffix(line, []byte("\n"))
	at := bytes.LastIndexByte(line, ' ')
	if !whole || at < 0 {
		return "", a, false
	}
	var seconds int64
	var what rune
	var sum uint32
	if _, err := fmt.Sscanf(string(line[at:]), " %08x", &sum); err != nil || sum != crc32.ChecksumIEEE(line[:at]) {
		return "", a, false
	}
	if _, err := fmt.Sscanf(string(line[:at]), "%d %d %c %s", &a.revision, &seconds, &what, &key); err != nil {
		return "", a, false
	}
	a.at, a.deleted = time.Unix(seconds, 0), what == 'd'
	return key, a, true
}

// lost returns the keys of which less is in the store than was acknowledged. What age may have removed isn't lost.
func (j *journal) lost(seen map[string]acked, now time.Time) (keys []string) {
	for key, a := range j.known {
		is := seen[key]
		gone := a.deleted && (is.deleted || is.revision == 0) // as it should be
		if is.revision < a.revision && !gone && now.Sub(a.at) < maxAge-time.Hour {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// adopt begins the journal anew with what the store has.
func (j *journal) adopt(seen map[string]acked) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.known, j.open = seen, true
	return j.rewrite(time.Now())
}

// add notes what the store has acknowledged.
func (j *journal) add(key string, revision uint64, deleted bool) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	a := acked{revision, time.Now(), deleted}
	j.note(key, a)
	if !j.open {
		return
	}
	err := j.write(a.line(key))
	if j.lines++; err == nil && j.lines > max(leastLines, 2*len(j.known)) {
		err = j.rewrite(a.at)
	}
	if err != nil && !j.sick { // the store has it: only the proof is missing
		j.log.Warn("acknowledged_not_written", "err", err)
	}
	j.sick = err != nil
}

// write adds a line to the file. j.mu is held.
func (j *journal) write(line []byte) (err error) {
	if j.file == nil { // it was replaced
		if j.file, err = os.OpenFile(j.name, os.O_WRONLY|os.O_APPEND, 0); err != nil {
			return err
		}
	}
	_, err = j.file.Write(line)
	return err
}

// rewrite replaces the file by one that has each key once. j.mu is held.
func (j *journal) rewrite(now time.Time) error {
	maps.DeleteFunc(j.known, func(_ string, a acked) bool { return a.deleted && now.Sub(a.at) > forgetDeleted })
	if err := j.release(); err != nil {
		return err
	}
	err := atomicfile.WriteFunc(j.name, 0o600, func(w io.Writer) error {
		b := bufio.NewWriter(w)
		for key, a := range j.known {
			_, _ = b.Write(a.line(key)) // Flush tells
		}
		return b.Flush()
	})
	if err == nil {
		j.lines = len(j.known)
	}
	return err
}

// release closes the file if it is open. j.mu is held.
func (j *journal) release() error {
	f := j.file
	j.file = nil
	if f == nil {
		return nil
	}
	return f.Close()
}

func (j *journal) close() error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open = false
	if j.file == nil { // a file that was just replaced is synced
		return nil
	}
	return errors.Join(j.file.Sync(), j.release())
}

// lostError says what a data directory has lost.
func (j *journal) lostError(dir string, lost []string) error {
	of := 0
	for _, a := range j.known {
		if !a.deleted {
			of++
		}
	}
	var sessions []string
	for _, key := range lost {
		if id := strings.TrimPrefix(store.Scope(key), "s."); !slices.Contains(sessions, id) {
			sessions = append(sessions, id)
		}
	}
	some, more := sessions, ""
	if len(sessions) > 5 {
		some, more = sessions[:5], fmt.Sprintf(" and %d more", len(sessions)-5)
	}
	return fmt.Errorf("the data directory %s has lost %d of %d entries that were acknowledged, of the sessions %s%s: "+
		"restore it from a copy, or start once with --accept-data-loss", dir, len(lost), of, strings.Join(some, ", "), more)
}
