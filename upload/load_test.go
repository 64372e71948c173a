package upload_test

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/upload"
)

// stored is a record as it is on the disk.
type stored map[string]any

func (r stored) json(tb testing.TB) []byte {
	tb.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// but returns r with other values; nil takes a field away.
func (r stored) but(changed stored) stored {
	r = maps.Clone(r)
	maps.Copy(r, changed)
	maps.DeleteFunc(r, func(_ string, v any) bool { return v == nil })
	return r
}

// records are some that a server may have written of an upload of which a part is there.
func records(id string, part []byte) map[string]stored {
	sum := sha256.New()
	_, _ = sum.Write(part)
	state, _ := sum.(encoding.BinaryMarshaler).MarshalBinary()
	begun := stored{
		"id": id, "metadata": metadata("rec1", "a.webm"), "recordingId": "rec1", "name": "a.webm", "type": "", "size": len(part) + 10,
		"session": "studio", "take": "take1", "device": "rec1", "offset": len(part), "hash": state, "expires": "2999-01-01T00:00:00Z",
	}
	complete := begun.but(stored{"size": len(part), "sha256": hex.EncodeToString(sum.Sum(nil))})
	return map[string]stored{
		"under way":            begun,
		"of unknown size":      begun.but(stored{"size": -1}),
		"a part":               begun.but(stored{"size": len(part), "concat": "partial", "by": 2}),
		"complete":             complete,
		"complete, and told":   complete.but(stored{"told": true}),
		"of the parts of more": begun.but(stored{"concat": "final"}),
	}
}

// put lays an upload of which there is this record and these bytes below a data directory.
func put(tb testing.TB, dir, id string, record, part []byte) {
	tb.Helper()
	at := filepath.Join(dir, "uploads", id)
	for name, b := range map[string][]byte{at + ".json": record, at + ".part": part} {
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
}

// TestRecordsThatContradictThemselves are refused when the server starts, with a line in the log, and stay where they are.
func TestRecordsThatContradictThemselves(t *testing.T) {
	const id = "0b5ff0f1-6d4e-4b0a-9f0c-3d1f5f0d2c11"
	part := []byte("some bytes that have arrived")
	good := records(id, part)
	begun, complete := good["under way"], good["complete"]
	bad := map[string]stored{
		"another's":                   begun.but(stored{"id": "x"}),
		"a negative offset":           begun.but(stored{"offset": -1}),
		"an offset behind its end":    begun.but(stored{"size": len(part) - 1}),
		"an offset behind its bytes":  begun.but(stored{"offset": len(part) + 1}),
		"a negative size":             begun.but(stored{"size": -2}),
		"a size that sums overflow":   begun.but(stored{"size": int64(1) << 62}),
		"complete before its end":     complete.but(stored{"size": len(part) + 1}),
		"complete, of unknown size":   complete.but(stored{"size": -1}),
		"complete, and a part":        complete.but(stored{"concat": "partial"}),
		"told before it was complete": begun.but(stored{"told": true}),
		"rewritten before its end":    begun.but(stored{"whole": stored{"size": 1, "sha256": "x"}}),
		"rewritten, of negative size": complete.but(stored{"whole": stored{"size": -1, "sha256": "x"}, "told": true}),
		"of an unknown kind":          begun.but(stored{"concat": "both"}),
		"by somebody unknown":         begun.but(stored{"by": 3}),
		"without a hash":              begun.but(stored{"hash": nil}),
	}
	load := func(r stored) (log string) {
		dir, out := t.TempDir(), &bytes.Buffer{}
		put(t, dir, id, r.json(t), part)
		s, err := upload.New(upload.Config{Dir: dir, Recordings: &recordings{}, Reserve: -1, Log: slog.New(slog.NewTextHandler(out, nil))})
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		if b, err := os.ReadFile(filepath.Join(dir, "uploads", id+".json")); r["concat"] != "final" && (err != nil || !bytes.Equal(b, r.json(t))) {
			t.Errorf("%v: the record is %s, %v", r, b, err)
		}
		return out.String()
	}
	for name, r := range good {
		if log := load(r); log != "" {
			t.Errorf("%s: %s", name, log)
		}
	}
	for name, r := range bad {
		if log := load(r); strings.Count(log, "upload_lost") != 1 {
			t.Errorf("%s: it was taken: %s", name, log)
		}
	}
}
