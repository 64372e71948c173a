package atomicfile

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// holds checks content and permissions of a file, and that nothing else is in its directory.
func holds(t *testing.T, name, content string, mode fs.FileMode) {
	t.Helper()
	b, err := os.ReadFile(name)
	check(t, err)
	info, err := os.Stat(name)
	check(t, err)
	if string(b) != content || info.Mode() != mode {
		t.Errorf("%q with %v, want %q with %v", b, info.Mode(), content, mode)
	}
	files, err := os.ReadDir(filepath.Dir(name))
	check(t, err)
	if len(files) != 1 {
		t.Errorf("there are %v", files)
	}
}

func TestWrite(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a")
	check(t, Write(name, 0o600, []byte("one")))
	holds(t, name, "one", 0o600)
	check(t, Write(name, 0o600, []byte("2")))
	holds(t, name, "2", 0o600)
	check(t, os.Chmod(name, 0o640))
	check(t, Write(name, 0o600, nil))
	holds(t, name, "", 0o640)
}

// TestLeftover: what a crash has left is neither read nor kept, nor are its permissions.
func TestLeftover(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a")
	check(t, os.WriteFile(name+Temporary, []byte("much longer, and torn"), 0o666))
	check(t, os.Chmod(name+Temporary, 0o666))
	check(t, Write(name, 0o600, []byte("whole")))
	holds(t, name, "whole", 0o600)
	check(t, os.Symlink(name, name+Temporary))
	check(t, Write(name, 0o600, []byte("new")))
	holds(t, name, "new", 0o600)
}

// TestFailure leaves what was there, and nothing beside it.
func TestFailure(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a")
	check(t, Write(name, 0o600, []byte("old")))
	full := errors.New("disk full")
	err := WriteFunc(name, 0o600, func(w io.Writer) error {
		_, err := w.Write(make([]byte, 1<<20))
		return errors.Join(err, full)
	})
	if !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	holds(t, name, "old", 0o600)

	dir := filepath.Join(t.TempDir(), "taken")
	check(t, os.MkdirAll(filepath.Join(dir, "by", "others"), 0o700))
	if err := Write(filepath.Join(dir, "by"), 0o600, []byte("new")); err == nil {
		t.Error("a directory was replaced")
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("there are %v, %v", files, err)
	}
	if err := Write(filepath.Join(dir, "gone", "a"), 0o600, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in no directory: %v", err)
	}
}

const size = 256 << 10

// TestKilled: whenever a process that writes is killed, the file is whole.
func TestKilled(t *testing.T) {
	if name := os.Getenv("ATOMICFILE_TEST_NAME"); name != "" {
		for c := byte('a'); ; c++ {
			check(t, Write(name, 0o600, bytes.Repeat([]byte{c}, size)))
		}
	}
	name := filepath.Join(t.TempDir(), "a")
	for i := range 5 {
		check(t, Write(name, 0o600, bytes.Repeat([]byte{'-'}, size)))
		cmd := exec.Command(os.Args[0], "-test.run", "^TestKilled$")
		cmd.Env = append(os.Environ(), "ATOMICFILE_TEST_NAME="+name)
		check(t, cmd.Start())
		for whole(t, name) == '-' { // until it writes; go test's own limit ends this
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(3*i) * time.Millisecond)
		check(t, cmd.Process.Kill())
		_ = cmd.Wait() // it was killed
		whole(t, name)
	}
	check(t, Write(name, 0o600, []byte("end")))
	holds(t, name, "end", 0o600)
}

// whole returns the byte that all of the file consists of.
func whole(t *testing.T, name string) byte {
	t.Helper()
	b, err := os.ReadFile(name)
	check(t, err)
	if len(b) != size || !bytes.Equal(b, bytes.Repeat(b[:1], size)) {
		t.Fatalf("%d bytes, torn", len(b))
	}
	return b[0]
}
