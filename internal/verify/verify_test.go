package verify

import (
	"bytes"
	"context"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/light/film"
	"github.com/downbeat-sync/downbeat/takes"
)

func needFFmpeg(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("ffmpeg is needed: tools/setup.sh")
		}
		t.Skip("ffmpeg isn't installed: tools/setup.sh")
	}
}

func run(t *testing.T, in []byte, args ...string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, "ffmpeg", append([]string{"-v", "error", "-nostdin", "-y"}, args...)...)
	cmd.Stdin = bytes.NewReader(in)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %v: %v: %s", args, err, out)
	}
}

// shoot makes an H.264 file of a setting, and returns the truth of its first and last frame.
func shoot(t *testing.T, s film.Setting, file string) (first, last float64) {
	t.Helper()
	c := film.New(s)
	var pixels []byte
	for i := range c.Frames() {
		shot := c.Shoot()
		if i == 0 {
			first = shot.Capture
		}
		last = shot.Capture
		pixels = append(pixels, shot.Luma...)
	}
	run(t, pixels, "-f", "rawvideo", "-pix_fmt", "gray", "-video_size", strconv.Itoa(s.Width)+"x"+strconv.Itoa(s.Height),
		"-framerate", strconv.FormatFloat(s.FrameRate, 'f', -1, 64), "-i", "pipe:0",
		"-c:v", "libx264", "-preset", "ultrafast", "-crf", "22", "-pix_fmt", "yuv420p", file)
	return first, last
}

func small(seed uint64) film.Setting {
	s := film.Usual(seed)
	s.Seconds, s.Width, s.Height, s.Exposure, s.Readout = 1.7, 384, 216, 18, 10
	return s
}

func instant(t *testing.T, ms float64) *clock.SessionTime {
	t.Helper()
	at, err := clock.SessionFromMillis(ms)
	if err != nil {
		t.Fatal(err)
	}
	return &at
}

// TestVerify: two cameras' files are placed on session time, the manifest's stamps, which are a
// latency late, are found out, and the aligned manifest has the captures.
func TestVerify(t *testing.T) {
	needFFmpeg(t)
	dir := t.TempDir()
	take := takes.Take{Version: takes.ManifestVersion, SessionID: "studio", TakeID: "take"}
	latency := map[string]float64{"a.mp4": 40, "b.mp4": 95}
	truth := map[string][2]float64{}
	for i, name := range []string{"a.mp4", "b.mp4"} {
		s := small(uint64(i))
		s.Start += float64(i) * 300
		first, last := shoot(t, s, filepath.Join(dir, name))
		truth[name] = [2]float64{first, last}
		bound := 0.5
		take.Recordings = append(take.Recordings, takes.Recording{
			RecordingID: name, File: &name, StartTimestamp: instant(t, first+latency[name]), StartBoundMs: &bound,
			StopTimestamp: instant(t, last+latency[name]), StopBoundMs: &bound,
		})
	}
	b, err := take.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, takes.ManifestName), b, 0o644); err != nil {
		t.Fatal(err)
	}
	files, err := Files(t.Context(), []string{filepath.Join(dir, "a.mp4"), filepath.Join(dir, "b.mp4")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := filepath.Base(f.File)
		if f.Error != "" || f.Told == nil {
			t.Fatalf("%+v", f)
		}
		if wrong := f.First - truth[name][0]; math.Abs(wrong) > f.FirstBound {
			t.Errorf("%s: the first frame is %.2f ms wrong, ± %.2f ms were told", name, wrong, f.FirstBound)
		}
		if wrong := f.Last - truth[name][1]; math.Abs(wrong) > f.LastBound {
			t.Errorf("%s: the last frame is %.2f ms wrong, ± %.2f ms were told", name, wrong, f.LastBound)
		}
		if wrong := f.Told.StartLate - latency[name]; math.Abs(wrong) > f.Told.Bound {
			t.Errorf("%s: stamps are %.2f ms late, %.0f ms is true", name, f.Told.StartLate, latency[name])
		}
	}
	checkAligned(t, dir, files)
}

func checkAligned(t *testing.T, dir string, files []*File) {
	t.Helper()
	aligned := filepath.Join(dir, "aligned.json")
	if err := WriteAligned(aligned, files); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(aligned)
	if err != nil {
		t.Fatal(err)
	}
	take, err := takes.DecodeManifest(b)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range take.Recordings {
		f := files[i]
		if math.Abs(r.StartTimestamp.Millis()-f.First) > 0.01 || math.Abs(*r.AfterFirstMs-f.AfterFirst) > 0.01 || *r.StartBoundMs != f.FirstBound {
			t.Errorf("the aligned manifest has %+v of %+v", r, f)
		}
	}
	var words strings.Builder
	if err := Print(&words, files); err != nil || !strings.Contains(words.String(), "manifest's times are") {
		t.Errorf("%q (%v)", words.String(), err)
	}
}

// TestBadFiles: what can't be placed is said in words, and nothing is made up.
func TestBadFiles(t *testing.T) {
	needFFmpeg(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, content := range map[string]string{"empty.mp4": "", "text.mp4": "this is no film\n", "list.mp4": "#EXTM3U\nhttp://127.0.0.1:1/x.ts\n"} {
		if err := os.WriteFile(at(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := small(4)
	s.Seconds = 1.2
	shoot(t, s, at("whole.mp4"))
	run(t, nil, "-i", at("whole.mp4"), "-vf", "setpts=2*PTS", "-c:v", "libx264", "-preset", "ultrafast", at("slowed.mp4"))
	run(t, nil, "-f", "lavfi", "-i", "testsrc=size=320x180:rate=25:duration=1", "-c:v", "libx264", at("foreign.mp4"))
	run(t, nil, "-f", "lavfi", "-i", "sine=duration=1", at("sound.wav"))
	for name, want := range map[string]string{
		"missing.mp4": "no such file", "empty.mp4": "it is empty", "text.mp4": "can't read it", "list.mp4": "can't read it",
		"slowed.mp4": "stamps don't go with the light", "foreign.mp4": "too few frames", "sound.wav": "no pictures", ".": "it isn't a file",
	} {
		files, err := Files(t.Context(), []string{at(name)}, Options{Near: *instant(t, s.Start)})
		if err != nil {
			t.Fatal(err)
		}
		if f := files[0]; !strings.Contains(f.Error, want) || f.First != 0 {
			t.Errorf("%s: %q, want %q: %+v", name, f.Error, want, f)
		}
		if err := WriteAligned(at("aligned.json"), files); err == nil {
			t.Errorf("%s: an aligned manifest was written", name)
		}
	}
}
