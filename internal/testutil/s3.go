package testutil

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// S3 is a real server of S3's protocol in a process of its own: versitygw, which checks signatures and
// the conditions of writes. It has one bucket, S3Bucket.
type S3 struct {
	Dir    string // where the buckets are, as directories, and objects in them as files
	Addr   string
	Secret string // from the next Start on

	t   testing.TB
	cmd *exec.Cmd
}

// What the server knows.
const (
	S3Bucket = "beat"
	S3Key    = "downbeat-key"
	S3Secret = "downbeat-secret"
)

var s3Binary = Build("tools/s3", "versitygw", "github.com/versity/versitygw/cmd/versitygw")

// NewS3 starts one, whose credentials are in the test's environment, and ends it with the test.
func NewS3(t testing.TB) *S3 {
	t.Helper()
	Whole(t)
	s := &S3{t: t, Dir: t.TempDir(), Addr: FreeAddr(t), Secret: S3Secret}
	Check(t, os.MkdirAll(filepath.Join(s.Dir, S3Bucket), 0o750))
	t.Setenv("AWS_ACCESS_KEY_ID", S3Key)
	t.Setenv("AWS_SECRET_ACCESS_KEY", S3Secret)
	t.Setenv("AWS_REGION", "us-east-1")
	s.Start()
	t.Cleanup(s.Kill)
	return s
}

// URL is that of a bucket, as the flag --files has it.
func (s *S3) URL(bucket string) string { return "s3://" + bucket + "/files?endpoint=http://" + s.Addr }

// Start starts it again after Kill.
func (s *S3) Start() {
	s.t.Helper()
	binary, err := s3Binary()
	Check(s.t, err)
	s.cmd = exec.Command(binary, "--port", s.Addr, "--access", S3Key, "--secret", s.Secret, "--quiet", "posix", s.Dir)
	Check(s.t, s.cmd.Start())
	Eventually(s.t, "the S3 server to listen", func() bool {
		conn, err := net.Dial("tcp", s.Addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

// Kill ends it at once.
func (s *S3) Kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}
