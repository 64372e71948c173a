package upload_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkUpload sends files over loopback to a server in a process of its own, in one
// request and in requests of 8 MiB: MB/s until the last byte is acknowledged, the processor time of
// the server's process, and the most memory that it had.
func BenchmarkUpload(b *testing.B) {
	const size = 512 << 20
	for _, piece := range []int{size, 8 << 20} {
		b.Run(fmt.Sprintf("%d MiB by %d MiB", size>>20, piece>>20), func(b *testing.B) {
			content := make([]byte, size)
			peak := 0
			var took, worked time.Duration
			for range b.N {
				b.StopTimer()
				dir := b.TempDir()
				c := &child{world: &world{dir: dir}}
				if err := c.spawn(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				began := time.Now()
				sendPieces(b, c.to, content, piece)
				took += time.Since(began)
				b.StopTimer()
				peak = max(peak, peakMemory(b, c.cmd.Process.Pid))
				c.kill()
				worked += c.cmd.ProcessState.UserTime() + c.cmd.ProcessState.SystemTime()
				_ = os.RemoveAll(dir)
			}
			b.ReportMetric(float64(size)*float64(b.N)/1e6/took.Seconds(), "MB/s-acknowledged")
			b.ReportMetric(worked.Seconds()/float64(b.N)/size*1e9, "CPU-s/GB")
			b.ReportMetric(float64(peak)/1024, "MiB-peak")
		})
	}
}

func sendPieces(b *testing.B, to string, content []byte, piece int) {
	b.Helper()
	h := &http.Client{Transport: &http.Transport{WriteBufferSize: 256 << 10}}
	defer h.CloseIdleConnections()
	ask := func(method, path string, h2 header, body io.Reader) *http.Response {
		req, err := http.NewRequest(method, "http://"+to+path, body)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Tus-Resumable", "1.0.0")
		for k, v := range h2 {
			req.Header.Set(k, v)
		}
		res, err := h.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		_ = res.Body.Close()
		return res
	}
	at := ask("POST", "/api/uploads/", header{"Upload-Length": strconv.Itoa(len(content)), "Upload-Metadata": metadata("rec1", "a.webm")}, nil).Header.Get("Location")
	for offset := 0; offset < len(content); offset += piece {
		if res := ask("PATCH", at, patchHeader(offset), bytes.NewReader(content[offset:offset+piece])); res.StatusCode != http.StatusNoContent {
			b.Fatal(res.Status)
		}
	}
}

// peakMemory returns the most KiB that a process has had in memory.
func peakMemory(b *testing.B, pid int) int {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("only Linux tells a process's peak")
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			if err != nil {
				b.Fatal(err)
			}
			return kib
		}
	}
	b.Fatal("no peak")
	return 0
}

// TestConstantMemory: what an upload takes of the heap doesn't grow with its size.
func TestConstantMemory(t *testing.T) {
	const size = 64 << 20
	w := newWorld(t)
	path := w.create(size)
	var most atomic.Uint64
	watch := func() {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most.Store(max(most.Load(), m.HeapAlloc))
	}
	runtime.GC()
	watch()
	before := most.Load()
	w.wants("PATCH", path, patchHeader(0), &endless{left: size, each: watch}, 204, "")
	if grown := most.Load() - before; grown > 16<<20 {
		t.Errorf("the heap grew by %d MiB for a file of %d MiB", grown>>20, size>>20)
	}
}

// endless is a body that is in no memory.
type endless struct {
	left int
	each func()
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.left)
	if e.left>>22 != (e.left-n)>>22 {
		e.each()
	}
	e.left -= n
	return n, nil
}
