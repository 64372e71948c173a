package nats

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// FuzzFormat puts any bytes into a data directory's downbeat.json: a directory is taken only if the file says
// a format that this program knows, and the file stays as it is.
func FuzzFormat(f *testing.F) {
	for _, s := range []string{"{\"format\":1}\n", `{"format":2}`, `{"format":0}`, `{"format":-1}`, `{"format":1.5}`, `{"format":"1"}`, `{}`, ``, `null`, `{"format":1}{`, `{"format":1e0,"later":[]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		name := filepath.Join(dir, formatFile)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := openDataDir(dir)
		var says struct{ Format json.RawMessage }
		known := json.Unmarshal(b, &says) == nil && string(says.Format) == "1"
		if (err == nil) != known {
			t.Errorf("%q: %v", b, err)
		}
		if err == nil {
			if err := d.close(); err != nil {
				t.Error(err)
			}
		}
		if after, err := os.ReadFile(name); err != nil || !bytes.Equal(after, b) {
			t.Errorf("%q became %q, %v", b, after, err)
		}
	})
}
