package upload_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/objects"
	"github.com/downbeat-sync/downbeat/upload"
)

// TestKeepers: on a disk and in a bucket uploads are the same.
func TestKeepers(t *testing.T) {
	t.Run("disk", func(t *testing.T) {
		keeps(t, func(t *testing.T, set ...func(*upload.Config)) (*world, func() []byte) {
			w := newWorld(t, set...)
			return w, func() []byte {
				b, err := os.ReadFile(filepath.Join(w.dir, "recordings", "studio", "take1", "rec1-a.webm"))
				testutil.Check(t, err)
				return b
			}
		})
	})
	t.Run("bucket", func(t *testing.T) {
		s3 := testutil.NewS3(t)
		keeps(t, func(t *testing.T, set ...func(*upload.Config)) (*world, func() []byte) {
			b := openBucket(t, s3)
			w := newWorld(t, append(set, func(c *upload.Config) { c.Dir, c.Bucket = "", b })...)
			return w, func() []byte {
				f, err := b.Open(t.Context(), "recordings/studio/take1/rec1-a.webm")
				testutil.Check(t, err)
				got, err := io.ReadAll(f)
				testutil.Check(t, err)
				return got
			}
		})
	})
}

// openBucket returns a part of the server's bucket that is the test's alone.
func openBucket(t *testing.T, s3 *testutil.S3) *objects.Bucket {
	t.Helper()
	at, err := objects.Parse(s3.URL(testutil.S3Bucket))
	testutil.Check(t, err)
	at.Prefix += filepath.Base(t.Name()) + "/"
	b, err := objects.Open(t.Context(), at)
	testutil.Check(t, err)
	return b
}

// keeps tries what every keeper must do; start returns a server with an empty one, and what reads the finished
// file of rec1.
func keeps(t *testing.T, start func(*testing.T, ...func(*upload.Config)) (*world, func() []byte)) {
	t.Run("in_pieces_through_restarts", func(t *testing.T) {
		set := func(c *upload.Config) { c.Checkpoint = 100_000 }
		w, read := start(t, set)
		want := random(2 << 20)
		path, at := w.create(len(want)), 0
		for n := 1; at < len(want); n++ { // more than are kept as small pieces
			next := min(len(want), at+len(want)/24)
			w.patch(path, at, want[at:next], 204, "")
			at = next
			if n == 20 {
				w.again(set)
			}
		}
		w.finished(read(), want)
		w.patch(path, len(want), []byte("x"), 413, "upload_too_long")
		w.wants("DELETE", path, nil, nil, 409, "already_uploaded")
		w.wants("POST", "/api/uploads/", creation(upload.Anybody, "rec1", 5), nil, 409, "already_uploaded")
	})
	t.Run("wrong_offsets_and_lengths", func(t *testing.T) {
		w, read := start(t)
		path := w.create(10)
		w.patch(path, 0, []byte("hello"), 204, "")
		w.patch(path, 3, []byte("lo"), 409, "offset_mismatch")
		w.patch(path, 5, []byte("world and more"), 413, "upload_too_long")
		if at := w.offset(path); at != 5 {
			t.Fatalf("at %d", at)
		}
		w.patch(path, 5, []byte("world"), 204, "")
		w.finished(read(), []byte("helloworld"))
	})
	t.Run("given_up", func(t *testing.T) {
		w, _ := start(t)
		path := w.create(10)
		w.patch(path, 0, []byte("hello"), 204, "")
		w.wants("DELETE", path, nil, nil, 204, "")
		w.wants("HEAD", path, nil, nil, 404, "")
		w.again()
		w.wants("HEAD", path, nil, nil, 404, "")
	})
	t.Run("made_whole", func(t *testing.T) {
		w, read := start(t, func(c *upload.Config) {
			c.Rewrite = func(_ context.Context, f upload.Finished, in io.ReaderAt, out io.Writer) (bool, error) {
				b := make([]byte, f.Size)
				if _, err := in.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
					return false, err
				}
				_, err := out.Write(bytes.ToUpper(b))
				return true, err
			}
		})
		path := w.create(10)
		w.patch(path, 0, []byte("helloworld"), 204, "")
		w.finished(read(), []byte("HELLOWORLD"))
	})
	t.Run("not_made_whole", func(t *testing.T) {
		w, read := start(t, func(c *upload.Config) {
			c.Rewrite = func(_ context.Context, _ upload.Finished, _ io.ReaderAt, out io.Writer) (bool, error) {
				_, _ = out.Write([]byte("half of"))
				return false, errors.New("it is broken")
			}
		})
		path := w.create(10)
		w.patch(path, 0, []byte("helloworld"), 204, "")
		w.finished(read(), []byte("helloworld"))
	})
	t.Run("the_newer_takes_the_place", func(t *testing.T) {
		w, read := start(t)
		first, second := w.create(5), ""
		w.patch(first, 0, []byte("fir"), 204, "")
		second = w.create(6)
		w.patch(second, 0, []byte("sec"), 204, "")
		w.wants("HEAD", first, nil, nil, 404, "")
		w.patch(second, 3, []byte("ond"), 204, "")
		w.finished(read(), []byte("second"))
	})
	t.Run("forgotten", func(t *testing.T) {
		w, _ := start(t)
		path := w.create(5)
		w.patch(path, 0, []byte("first"), 204, "")
		testutil.Check(t, w.uploads.ForgetTake("studio", "take1"))
		w.wants("HEAD", path, nil, nil, 404, "")
		again := w.create(5)
		w.patch(again, 0, []byte("again"), 204, "")
		testutil.Check(t, w.uploads.Forget("studio"))
		w.wants("HEAD", again, nil, nil, 404, "")
	})
}

// again closes the server, and starts another one on what it kept.
func (w *world) again(set ...func(*upload.Config)) {
	w.t.Helper()
	w.stop()
	w.start(append(w.set, set...)...)
}

// finished checks the file, and that it was told once with its hash.
func (w *world) finished(got, want []byte) {
	w.t.Helper()
	sum := sha256.Sum256(want)
	told := w.rec.all()
	if !bytes.Equal(got, want) || len(told) != 1 || told[0].SHA256 != hex.EncodeToString(sum[:]) || told[0].Size != int64(len(want)) {
		w.t.Fatalf("%d bytes for %d; told %+v", len(got), len(want), told)
	}
}
