// Package testutil is what the tests of several packages need: programs that are built for them, addresses
// that are free, and the wait for what a real process does.
package testutil

import (
	"context"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/downbeat-sync/downbeat/internal/pause"
)

// Main runs the tests of a package, removes what was built for them, and fails for goroutines that are left.
func Main(m *testing.M, ignore ...goleak.Option) {
	goleak.VerifyTestMain(m, append(ignore, goleak.Cleanup(func(code int) {
		if dir, err := scratch(); err == nil {
			_ = os.RemoveAll(dir)
		}
		os.Exit(code)
	}))...)
}

// scratch is where the programs that the tests build are.
var scratch = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "downbeat") })

// Check ends the test if err isn't nil.
func Check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Quiet is a logger of which nothing is seen.
func Quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// Root is the directory of the module: the nearest above the package that is tested. (The compiler's own word
// for where a file is isn't a path of this machine if the test was built with -trimpath.)
var Root = sync.OnceValue(func() string {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		above := filepath.Dir(dir)
		if above == dir {
			break
		}
		dir = above
	}
	panic("testutil: no go.mod above the test")
})

// Build builds a program of the module below dir, or of one that it needs, once.
func Build(dir, name, pkg string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		to, err := scratch()
		if err != nil {
			return "", err
		}
		file := filepath.Join(to, name)
		cmd := exec.Command("go", "build", "-o", file, pkg)
		cmd.Dir = filepath.Join(Root(), dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("%w: %s", err, out)
		}
		return file, nil
	})
}

// FreeAddr returns an address that nobody listened on a moment ago, over TCP or UDP, nor on the port of the
// page for new devices that goes with it. The port is none that the system gives to connections meanwhile.
func FreeAddr(t testing.TB) string {
	t.Helper()
	for range 100 {
		port := 20_000 + rand.IntN(12_000)
		if isFree(port) {
			return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		}
	}
	t.Fatal("no port is free")
	return ""
}

func isFree(port int) bool {
	at := func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
	tcp, err := net.Listen("tcp", at(port))
	if err != nil {
		return false
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp", at(port))
	if err != nil {
		return false
	}
	defer udp.Close()
	setup, err := net.Listen("tcp", at(port+2))
	if err != nil {
		return false
	}
	return setup.Close() == nil
}

// Eventually waits for a condition of a real process.
func Eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !cond(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited 30 s for %s", what)
		}
		Pause(context.Background(), 5*time.Millisecond)
	}
}

// Pause waits; false when ctx ended first.
func Pause(ctx context.Context, d time.Duration) bool { return pause.For(ctx, d) }

// Ms is a duration in milliseconds.
func Ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// Us is a duration in microseconds.
func Us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// WritePEM writes a file with one block.
func WritePEM(t testing.TB, file, kind string, der []byte) {
	t.Helper()
	Check(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}
