package upload_test

import (
	"fmt"
	"testing"
	"time"
)

// until polls for a condition that a real connection or process brings about.
func until(t testing.TB, true func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !true(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it didn't come to that")
		}
	}
}

func patchRequest(path string, offset, length int, more string) string {
	return fmt.Sprintf("PATCH %s HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: %d\r\n"+
		"Content-Type: application/offset+octet-stream\r\nContent-Length: %d\r\n%s\r\n", path, offset, length, more)
}
