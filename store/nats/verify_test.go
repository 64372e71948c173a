package nats

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stored makes a data directory with some sessions, and returns it with its blocks.
func stored(t *testing.T) (dir string, blocks []block) {
	t.Helper()
	dir = t.TempDir()
	s, end := start(t, Config{Dir: dir})
	for i := range 50 {
		at := put(t, s, fmt.Sprintf("s.%d.meta", i), strings.Repeat("x", 100), 0)
		if i%3 == 0 {
			if _, err := s.Delete(t.Context(), fmt.Sprintf("s.%d.meta", i), at); err != nil {
				t.Fatal(err)
			}
		}
	}
	end()
	blocks, err := blocksOf(filepath.Join(dir, storeDir, "jetstream", "$G", "streams", streamName, "msgs"))
	if err != nil || len(blocks) == 0 {
		t.Fatalf("blocks %v, %v", blocks, err)
	}
	return dir, blocks
}

// change changes a file.
func change(t *testing.T, name string, how func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, how(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDamaged: files that were damaged are found before anything is written.
func TestDamaged(t *testing.T) {
	garbage := func(b []byte) []byte { return []byte(strings.Repeat("garbage", len(b)/7+1)) }
	for name, test := range map[string]struct {
		file func(dir string, last block) string
		how  func([]byte) []byte
		ok   bool
	}{
		"a bit in the middle": {
			func(_ string, b block) string { return b.file },
			func(b []byte) []byte { b[len(b)/2] ^= 4; return b }, false,
		},
		"a length": {
			func(_ string, b block) string { return b.file },
			func(b []byte) []byte { b[0] ^= 0xff; return b }, false,
		},
		"a write that was cut off": {
			func(_ string, b block) string { return b.file },
			func(b []byte) []byte { return append(b, b[:20]...) }, true,
		},
		"what the stream is": {
			func(_ string, b block) string { return filepath.Join(filepath.Dir(b.file), "..", "meta.inf") }, garbage, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, blocks := stored(t)
			file := test.file(dir, blocks[len(blocks)-1])
			change(t, file, test.how)
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := Open(t.Context(), Config{Dir: dir})
			if err == nil {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				if !test.ok {
					t.Error("it was opened")
				}
			} else if test.ok || !strings.Contains(err.Error(), "damaged") {
				t.Error(err)
			}
			if after, _ := os.ReadFile(file); !test.ok && string(after) != string(before) {
				t.Error("the damaged file was touched")
			}
		})
	}
}

// FuzzVerify: no bytes make a block's reading fail in another way than by saying so.
func FuzzVerify(f *testing.F) {
	f.Add([]byte{40, 0, 0, 0, 1})
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, data []byte) {
		if (block{number: 1}).intact(data, false) && len(data) > 0 && goodRecord(data, make([]byte, 32)) > len(data) {
			t.Error("a record is longer than the block")
		}
	})
}
