package upload_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("UPLOAD_TEST_SERVER"); dir != "" {
		serveChild(dir)
		return
	}
	goleak.VerifyTestMain(m)
}
