package upload_test

import (
	"os"
	"testing"

	"github.com/downbeat-sync/downbeat/internal/testutil"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("UPLOAD_TEST_SERVER"); dir != "" {
		serveChild(dir)
		return
	}
	testutil.Main(m)
}
