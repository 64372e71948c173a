package upload_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/upload"
)

// shouted is a rewriting whose outcome is easily told from what arrived, and of another length.
func shouted(b []byte) []byte { return append([]byte("whole: "), bytes.ToUpper(b)...) }

func shout(_ context.Context, f upload.Finished, in io.ReaderAt, out io.Writer) (bool, error) {
	b := make([]byte, f.Size)
	if _, err := in.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	_, err := out.Write(shouted(b))
	return true, err
}

// TestRewrite: what is kept, told and hashed is what was made of the file; the client is answered as ever.
func TestRewrite(t *testing.T) {
	w := newWorld(t, func(c *upload.Config) { c.Rewrite = shout })
	want := []byte(strings.Repeat("film ", 1000))
	path := w.create(len(want))
	w.patch(path, 0, want[:3000], 204, "")
	w.patch(path, 3000, want[3000:], 204, "")
	if at := w.offset(path); at != len(want) {
		t.Errorf("the client is told an offset of %d", at)
	}
	w.arrived(shouted(want))
	if left, _ := filepath.Glob(filepath.Join(escaped(w.dir), "uploads", "*")); len(left) != 1 || !strings.HasSuffix(left[0], ".json") {
		t.Errorf("left behind: %v", left)
	}
	w.stop()
	w.start(func(c *upload.Config) { c.Rewrite = shout })
	w.sweep()
	if told := w.rec.all(); len(told) != 1 {
		t.Errorf("told %d times", len(told))
	}
}

// TestRewriteFails: then the file is kept as it arrived, whatever was written until then.
func TestRewriteFails(t *testing.T) {
	want := []byte(strings.Repeat("film ", 1000))
	for name, set := range map[string]func(*upload.Config){
		"error": func(c *upload.Config) {
			c.Rewrite = func(_ context.Context, _ upload.Finished, _ io.ReaderAt, out io.Writer) (bool, error) {
				_, _ = out.Write(want[:2000])
				return true, errors.New("no")
			}
		},
		"nothing changed": func(c *upload.Config) {
			c.Rewrite = func(context.Context, upload.Finished, io.ReaderAt, io.Writer) (bool, error) { return false, nil }
		},
		"no room": func(c *upload.Config) {
			room := int64(1 << 30)
			c.Free = func(string) (int64, error) { return room, nil }
			c.Rewrite = shout
			c.Reserve = room - int64(len(want)) // which the file takes, and its second copy would have to take again
			c.Free = func(dir string) (int64, error) {
				if left, _ := filepath.Glob(filepath.Join(escaped(dir), "*.part")); len(left) > 0 {
					return room - 1, nil
				}
				return room, nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, set)
			path := w.create(len(want))
			w.patch(path, 0, want, 204, "")
			w.arrived(want)
			if left, _ := filepath.Glob(filepath.Join(escaped(w.dir), "uploads", "*.whole*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// escaped keeps a directory's name from being a pattern.
func escaped(dir string) string {
	return strings.NewReplacer("[", "\\[", "*", "\\*").Replace(dir)
}

// TestRewriteSurvives kills the server while it makes files whole: in the end each is there as it is to be kept, once.
func TestRewriteSurvives(t *testing.T) {
	c := newChild(t)
	rng := rand.New(rand.NewPCG(3, 4))
	want := []byte(strings.Repeat("film ", 200_000))
	for i := range 12 {
		c.kill()
		c.start("UPLOAD_TEST_SHOUT=1")
		c.connect()
		path := c.create(len(want))
		half := c.dialPatch(path, 0, len(want), "")
		_, _ = half.Write(want)
		time.Sleep(time.Duration(rng.IntN(40)) * time.Millisecond) // a real process, killed at any moment
		c.kill()
		_ = half.Close()
		c.start("UPLOAD_TEST_SHOUT=1")
		c.connect()
		if at := c.offset(path); at < len(want) {
			c.patch(path, at, want[at:], 204, "")
		}
		until(t, func() bool { // what was complete is settled by the server itself
			c.rec.told = nil
			c.gather()
			return len(c.rec.told) > 0
		})
		c.rec.told = slices.Compact(c.rec.told) // once more after a crash at the right moment
		c.arrived(shouted(want))
		if t.Failed() {
			t.Fatalf("kill %d", i)
		}
		c.forget("UPLOAD_TEST_SHOUT=1")
	}
}

// forget makes room for the next upload of the same recording.
func (c *child) forget(more ...string) {
	c.kill()
	for _, dir := range []string{"recordings", "uploads", "told"} {
		_ = os.RemoveAll(filepath.Join(c.dir, dir))
	}
	c.rec.told = nil
	c.start(more...)
}
