package container_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/container"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

var about = container.Info{
	Title: "scene 1 — ünd 2", Device: "front (Kim 🏳️‍🌈)", Created: time.Date(2026, 11, 25, 12, 0, 30, 5e8, time.UTC),
}

// needFFmpeg ends a test where the programs aren't there that it is about.
func needFFmpeg(t *testing.T) {
	t.Helper()
	for _, program := range []string{"ffmpeg", "ffprobe"} {
		if _, err := exec.LookPath(program); err != nil {
			testutil.Missing(t, program)
		}
	}
}

func ffmpeg(t *testing.T, args ...string) []byte {
	t.Helper()
	var out, said bytes.Buffer
	cmd := exec.Command("ffmpeg", append([]string{"-v", "error", "-nostdin"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil || said.Len() > 0 {
		t.Fatalf("ffmpeg %v: %v %s", args, err, said.Bytes())
	}
	return out.Bytes()
}

// streamed is a recording as it is sent while it is made: ffmpeg can't go back in what it writes.
func streamed(t *testing.T, args ...string) []byte {
	t.Helper()
	sources := []string{
		"-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=4", "-f", "lavfi", "-i", "sine=f=440:r=48000:d=4",
	}
	return ffmpeg(t, append(append(sources, args...), "pipe:1")...)
}

func rewrite(t *testing.T, in []byte, info container.Info) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := container.Rewrite(&out, bytes.NewReader(in), int64(len(in)), info); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func inFile(t *testing.T, b []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "recording")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// probed is what ffprobe tells of a file.
type probed struct {
	Format struct {
		Duration string
		Tags     map[string]string
	}
	Streams []struct {
		Type     string `json:"codec_type"`
		Rate     string `json:"avg_frame_rate"`
		Duration string
	}
}

func probe(t *testing.T, b []byte) (p probed) {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", inFile(t, b)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return p
}

// packets are the streams' packets with their times and what is in them.
func packets(t *testing.T, b []byte) []string {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "quiet", "-show_data_hash", "md5", "-of", "json",
		"-show_entries", "packet=stream_index,pts_time,size,data_hash", inFile(t, b)).Output()
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Packets []struct {
			Stream int    `json:"stream_index"`
			PTS    string `json:"pts_time"`
			Size   string
			Hash   string `json:"data_hash"`
		}
	}
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatal(err)
	}
	lines := make([]string, 0, len(list.Packets))
	for _, p := range list.Packets {
		lines = append(lines, fmt.Sprint(p.Stream, " ", p.PTS, " ", p.Size, " ", p.Hash))
	}
	slices.Sort(lines)
	return lines
}

var kinds = []struct {
	name string
	args []string
}{
	{"webm", []string{"-c:v", "libvpx", "-deadline", "realtime", "-g", "25", "-c:a", "libopus", "-f", "webm", "-live", "1"}},
	{"mkv with groups", []string{"-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "25", "-c:a", "aac", "-f", "matroska"}},
	{"webm of sound alone", []string{"-map", "1", "-c:a", "libopus", "-f", "webm", "-live", "1"}},
	{"mp4", []string{"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25", "-c:a", "aac", "-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof"}},
	{"mp4 with pictures out of order", []string{"-c:v", "libx264", "-preset", "medium", "-bf", "2", "-g", "25", "-c:a", "aac", "-f", "mp4", "-movflags", "frag_keyframe+empty_moov"}},
	{"mp4 with its head behind the first fragment", []string{"-c:v", "libx264", "-preset", "medium", "-bf", "2", "-g", "25", "-c:a", "aac", "-f", "mp4", "-movflags", "frag_keyframe+delay_moov"}},
	{"mp4 of pictures alone, out of order", []string{"-map", "0", "-c:v", "libx264", "-preset", "medium", "-bf", "2", "-g", "25", "-f", "mp4", "-movflags", "frag_keyframe+delay_moov"}},
	{"mp4 in small pieces", []string{"-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "libopus", "-f", "mp4", "-frag_duration", "100000", "-movflags", "empty_moov+separate_moof"}},
	{"mp4 of sound alone", []string{"-map", "1", "-c:a", "aac", "-f", "mp4", "-frag_duration", "500000", "-movflags", "empty_moov+default_base_moof"}},
}

// TestRewrite: real files, streamed, say how long they are, how many frames a second they have, when they were made and
// what they are; every packet is what it was, at its time.
func TestRewrite(t *testing.T) {
	needFFmpeg(t)
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			before := streamed(t, kind.args...)
			after := rewrite(t, before, about)
			p := probe(t, after)
			if d, _ := strconv.ParseFloat(p.Format.Duration, 64); d < 3.95 || d > 4.08 {
				t.Errorf("a duration of %s s", p.Format.Duration)
			}
			made, err := time.Parse(time.RFC3339, p.Format.Tags["creation_time"])
			if err != nil || made.Sub(about.Created).Abs() >= time.Second {
				t.Errorf("made at %v: %v", p.Format.Tags, err)
			}
			if p.Format.Tags["title"] != about.Title || p.Format.Tags["artist"] != about.Device && p.Format.Tags["ARTIST"] != about.Device {
				t.Errorf("it says of itself %q", p.Format.Tags)
			}
			for _, s := range p.Streams {
				if r := rate(t, s.Rate); s.Type == "video" && (r < 24.8 || r > 25.2) { // ffmpeg shifts all fragments but the first by 21 ms
					t.Errorf("%s frames a second", s.Rate)
				}
			}
			if was, is := packets(t, before), packets(t, after); !slices.Equal(was, is) {
				t.Errorf("%d packets before, %d after: %s", len(was), len(is), firstDifference(was, is))
			}
			ffmpeg(t, "-i", inFile(t, after), "-f", "null", "-") // decodes without a word
			var again bytes.Buffer
			if err := container.Rewrite(&again, bytes.NewReader(after), int64(len(after)), about); !errors.Is(err, container.ErrAsItIs) || again.Len() > 0 {
				t.Errorf("once more: %v", err)
			}
		})
	}
}

func rate(t *testing.T, s string) float64 {
	t.Helper()
	var n, d float64
	if _, err := fmt.Sscanf(s, "%f/%f", &n, &d); err != nil {
		t.Fatal(err)
	}
	return n / d
}

func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + " is now " + b[i]
		}
	}
	return "only the number differs"
}

// TestClustersWithoutALength: MediaRecorder writes such.
func TestClustersWithoutALength(t *testing.T) {
	needFFmpeg(t)
	before := streamed(t, kinds[0].args...)
	open := rewrite(t, before, about)
	for i := range len(open) - 12 {
		if bytes.HasPrefix(open[i:], []byte{0x1F, 0x43, 0xB6, 0x75, 1}) || bytes.HasPrefix(open[i:], []byte{0x18, 0x53, 0x80, 0x67, 1}) {
			copy(open[i+4:], []byte{1, 255, 255, 255, 255, 255, 255, 255})
		}
	}
	open = bytes.Replace(open, []byte{0x44, 0x89, 1}, []byte{0x44, 0x88, 1}, 1) // it doesn't say how long it is
	after := rewrite(t, open, about)
	if was, is := packets(t, before), packets(t, after); !slices.Equal(was, is) {
		t.Errorf("%d packets before, %d after: %s", len(was), len(is), firstDifference(was, is))
	}
	if d := probe(t, after).Format.Duration; !strings.HasPrefix(d, "4.0") {
		t.Errorf("a duration of %s", d)
	}
}

// TestSeeking: the picture of any moment is found from the file's own index, without reading from its beginning.
func TestSeeking(t *testing.T) {
	needFFmpeg(t)
	for _, kind := range []int{0, 6} {
		before := streamed(t, kinds[kind].args...)
		after := inFile(t, rewrite(t, before, about))
		for at, frame := range map[string]int{"0.5": 13, "2.04": 51, "3.6": 90} {
			want := ffmpeg(t, "-i", inFile(t, before), "-map", "0:v", "-vf", fmt.Sprintf("select=eq(n\\,%d)", frame), "-frames:v", "1", "-f", "rawvideo", "-")
			got := ffmpeg(t, "-ss", at, "-i", after, "-map", "0:v", "-frames:v", "1", "-f", "rawvideo", "-")
			if len(want) == 0 || !bytes.Equal(got, want) {
				t.Errorf("%s: another picture at %s", kinds[kind].name, at)
			}
		}
	}
}

// TestCutTail: of a file that ends anywhere, as after a crash, everything whole is kept.
func TestCutTail(t *testing.T) {
	needFFmpeg(t)
	for _, kind := range []int{0, 1, 3, 7} {
		whole := streamed(t, kinds[kind].args...)
		for _, part := range []int{30, 55, 93} {
			cut := whole[:len(whole)*part/100]
			after := rewrite(t, cut, about)
			was, is := packets(t, cut), packets(t, after)
			missing := 0
			for _, p := range was {
				if !slices.Contains(is, p) {
					missing++
				}
			}
			// ffmpeg makes something of the packet that was cut off, too.
			if len(is) == 0 || missing > 2 || len(is) > len(was) {
				t.Errorf("%s, %d %%: %d of %d packets, %d are missing", kinds[kind].name, part, len(is), len(was), missing)
			}
			if d, _ := strconv.ParseFloat(probe(t, after).Format.Duration, 64); d < 0.2 || d > 4.1 {
				t.Errorf("%s, %d %%: %v s", kinds[kind].name, part, d)
			}
		}
	}
}

// TestAsItIs: what isn't known, is whole, or has nothing in it stays, and nothing is written.
func TestAsItIs(t *testing.T) {
	files := map[string][]byte{
		"empty": nil, "short": []byte("abc"), "text": []byte(strings.Repeat("no film ", 100)),
		"EBML alone": {0x1A, 0x45, 0xDF, 0xA3, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0}, "ftyp alone": []byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00"),
	}
	for name, b := range files {
		var out bytes.Buffer
		if err := container.Rewrite(&out, bytes.NewReader(b), int64(len(b)), about); !errors.Is(err, container.ErrAsItIs) || out.Len() > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzRewrite: whatever a device sends costs no more than its size, and what is made of it isn't made again.
func FuzzRewrite(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00"))
	for _, name := range []string{"tiny.webm", "tiny.mp4"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var out bytes.Buffer
		err := container.Rewrite(&out, bytes.NewReader(b), int64(len(b)), about)
		switch {
		case err != nil && (!errors.Is(err, container.ErrAsItIs) || out.Len() > 0):
			t.Errorf("%v after %d bytes", err, out.Len())
		case out.Len() > 200*len(b)+10_000:
			t.Errorf("%d bytes became %d", len(b), out.Len())
		}
	})
}
