package export_test

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/export"
	"github.com/downbeat-sync/downbeat/manifest"
	"github.com/downbeat-sync/downbeat/session"
)

// hostile is a name and a label that would do harm if anything took them for code.
const hostile = `'; touch pwned; '$(touch pwned)"` + "`touch pwned`" + `\%s -y`

func scriptOf(t *testing.T, take manifest.Take, names export.Names) []byte {
	t.Helper()
	b, err := export.Script(take, names)
	if err != nil {
		t.Fatal(err)
	}
	sh := exec.Command("sh", "-n")
	sh.Stdin = bytes.NewReader(b)
	if out, err := sh.CombinedOutput(); err != nil {
		t.Fatalf("sh -n: %v %s\n%s", err, out, b)
	}
	return b
}

// run runs a script in a directory, with pretended programs first on the path if there are any.
func run(t *testing.T, dir string, script []byte, programs string) (out string, err error) {
	t.Helper()
	name := filepath.Join(dir, "film.sh")
	if err := os.WriteFile(name, script, 0o600); err != nil {
		t.Fatal(err)
	}
	sh := exec.Command("sh", name)
	sh.Dir = t.TempDir() // the script finds its own
	sh.Env = append(os.Environ(), "HEIGHT=90", "PATH="+programs+string(os.PathListSeparator)+os.Getenv("PATH"))
	b, err := sh.CombinedOutput()
	return string(b), err
}

// TestScriptQuotes: names are words, whatever is in them.
func TestScriptQuotes(t *testing.T) {
	dir, programs := t.TempDir(), t.TempDir()
	evil := made("a", hostile, hostile, "", 0, time.Second)
	evil.PostureLabel = hostile
	dash := made("b", "", "-version", "", 1500*time.Microsecond, time.Second)
	for _, name := range []string{hostile, "-version"} {
		write(t, filepath.Join(dir, name), "x", 0o600)
	}
	// ffprobe says that everything has pictures and sound; ffmpeg prints its arguments.
	write(t, filepath.Join(programs, "ffprobe"), "#!/bin/sh\necho 0\n", 0o700)
	write(t, filepath.Join(programs, "ffmpeg"), "#!/bin/sh\nprintf '<%s>\\n' \"$@\"\n", 0o700)
	out, err := run(t, dir, scriptOf(t, takeOf(evil, dash), export.Kept), programs)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"<./" + hostile + ">", "<./-version>", "<0.001500>", // of which ffprobe said that they begin at 0
		"<./touch-pwned-touch-pwned-touch-pwned-s-y-20261125T120000Z-side-by-side.mp4>"} {
		if !strings.Contains(out, want+"\n") {
			t.Errorf("ffmpeg wasn't given %s but\n%s", want, out)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*pwned")); len(left) > 0 {
		t.Errorf("a name was carried out: %v", left)
	}
}

// TestScriptWithoutFiles says what to do.
func TestScriptWithoutFiles(t *testing.T) {
	programs := t.TempDir()
	for _, name := range []string{"ffprobe", "ffmpeg"} {
		write(t, filepath.Join(programs, name), "#!/bin/sh\nexit 1\n", 0o700)
	}
	out, err := run(t, t.TempDir(), scriptOf(t, takeOf(made("a", "", "a.webm", "", 0, time.Second)), export.Kept), programs)
	if err == nil || !strings.Contains(out, "a.webm isn't here") {
		t.Errorf("%v %s", err, out)
	}
}

func write(t *testing.T, name, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

// needFFmpeg skips a test where the programs aren't there that it is about.
func needFFmpeg(t *testing.T) {
	t.Helper()
	for _, program := range []string{"ffmpeg", "ffprobe"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("not tested here: " + program + " isn't installed")
		}
	}
}

func ffmpeg(t *testing.T, args ...string) []byte {
	t.Helper()
	var out, said bytes.Buffer
	cmd := exec.Command("ffmpeg", append([]string{"-v", "error", "-nostdin", "-y"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg %v: %v %s", args, err, said.Bytes())
	}
	return out.Bytes()
}

// What is filmed gets brighter all the time, by 100 levels of luma a second from black at 0,
// and clicks at half-time. A device that begins to record later sees less of it.
const (
	levels   = 100
	filmed   = 2 * time.Second
	clicksAt = time.Second
)

// camera is a device that makes a file.
type camera struct {
	name  string
	began time.Duration // its first picture, or else its first sample
	rate  int           // pictures a second; 0: none
	sound bool
	early time.Duration // by which its sound begins before its pictures: whole pictures
	codec []string      // default: nothing is lost
	kind  string        // default: mkv
}

// record makes the file.
func (c camera) record(t *testing.T, dir string) session.Recording {
	t.Helper()
	var args []string
	kind, codec := cmp.Or(c.kind, "mkv"), c.codec
	if codec == nil {
		codec = []string{"-c:v", "ffv1", "-c:a", "pcm_s16le"}
	}
	if at := c.began.Seconds(); c.rate > 0 {
		args = append(args, "-itsoffset", fmt.Sprint(c.early.Seconds()), "-f", "lavfi", "-i", fmt.Sprintf(
			"color=black:s=64x36:r=%d:d=%f,format=yuv420p,geq=lum='16.5+%d*(T+%f)':cb=128:cr=128", c.rate, filmed.Seconds()-at, levels, at))
	}
	if at := (c.began - c.early).Seconds(); c.sound {
		args = append(args, "-f", "lavfi", "-i", fmt.Sprintf("aevalsrc='between(t+%f,%f,%f)*sin(2*PI*1000*t)':s=48000:d=%f",
			at, clicksAt.Seconds(), clicksAt.Seconds()+0.01, filmed.Seconds()-at))
	}
	file, fileType := c.name+"."+kind, "video/"+kind
	ffmpeg(t, append(append(args, codec...), filepath.Join(dir, file))...)
	if c.rate == 0 {
		fileType = "audio/" + kind
	}
	return made(c.name, "", file, fileType, c.began, filmed-c.began)
}

// TestFilmIsInSync: real files of devices that began at different times, with and without
// pictures and sound, are as bright as each other at each moment of the film, and click once.
func TestFilmIsInSync(t *testing.T) {
	needFFmpeg(t)
	dir := t.TempDir()
	began := []time.Duration{0, 123456 * time.Microsecond, 512345 * time.Microsecond}
	take := takeOf(
		camera{name: "a", began: began[0], rate: 50, sound: true}.record(t, dir),
		camera{name: "b", began: began[1], rate: 25}.record(t, dir),
		camera{name: "c", began: 200 * time.Millisecond, sound: true}.record(t, dir),
		camera{name: "d", began: began[2], rate: 50, sound: true, early: 160 * time.Millisecond}.record(t, dir),
	)
	if out, err := run(t, dir, scriptOf(t, take, export.Kept), ""); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	film := filepath.Join(dir, take.Name()+"-side-by-side.mp4")
	// One byte for each of the three pictures, 30 times a second.
	frames := ffmpeg(t, "-i", film, "-vf", "scale=3:1:flags=area,format=yuv420p,extractplanes=y", "-f", "rawvideo", "-")
	if n := len(frames) / 3; n < 58 || n > 62 {
		t.Fatalf("%d frames", n)
	}
	for device, from := range began {
		bright(t, frames, device, from, []float64{50, 25, 50}[device])
	}
	click(t, ffmpeg(t, "-i", film, "-map", "a", "-ac", "1", "-ar", "48000", "-f", "s16le", "-"), 3*time.Millisecond)
}

// bright wants each frame of a picture to be as bright as it was filmed then: dark before the device
// began, then right to a frame of the file and half a frame of the film, and in the mean
// to some ms.
func bright(t *testing.T, frames []byte, device int, from time.Duration, rate float64) {
	t.Helper()
	var sum, n float64
	for i := range len(frames)/3 - 2 {
		at, level := float64(i)/30, float64(frames[3*i+device])-16
		shown := level / levels // the time of what is shown
		switch {
		case at < from.Seconds()-1./60:
			if level > 2 {
				t.Errorf("at %.3f picture %d, which has not begun, is %v bright", at, device, level)
			}
		case at > from.Seconds()+0.1: // where single levels count for less
			if off := shown - at; off < -1/rate-0.02 || off > 1./60+0.02 {
				t.Errorf("at %.3f picture %d shows what was at %.3f", at, device, shown)
			}
			sum, n = sum+shown-at, n+1
		}
	}
	// The latest frame that begins before the film's next half frame is shown.
	if off := sum/n - (1./60 - 0.5/rate); off < -0.004 || off > 0.004 {
		t.Errorf("picture %d is %.1f ms off", device, off*1000)
	}
	t.Logf("picture %d shows what was %.1f ms before, as its frame rates have it to %.1f ms", device, -1000*sum/n, 1000*(sum/n-(1./60-0.5/rate)))
}

// TestFilmOfWhatBrowsersRecord: their codecs begin before time 0, or say so otherwise.
func TestFilmOfWhatBrowsersRecord(t *testing.T) {
	needFFmpeg(t)
	webm := []string{"-c:v", "libvpx", "-b:v", "2M", "-deadline", "realtime", "-c:a", "libopus"}
	mp4 := []string{"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+frag_keyframe+delay_moov"}
	for _, c := range []camera{
		{name: "opus with pictures", rate: 50, sound: true, codec: webm, kind: "webm"}, {name: "opus alone", sound: true, codec: webm, kind: "webm"},
		{name: "aac with pictures", rate: 50, sound: true, codec: mp4, kind: "mp4"}, {name: "aac alone", sound: true, codec: mp4, kind: "mp4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.began = 300 * time.Millisecond
			take := takeOf(camera{name: "a", rate: 50}.record(t, dir), c.record(t, dir))
			if out, err := run(t, dir, scriptOf(t, take, export.Kept), ""); err != nil {
				t.Fatalf("%v %s", err, out)
			}
			film := filepath.Join(dir, take.Name()+"-side-by-side.mp4")
			if c.rate > 0 {
				pictures := ffmpeg(t, "-i", film, "-vf", "scale=3:1:flags=area,format=yuv420p,extractplanes=y", "-f", "rawvideo", "-")
				bright(t, pictures, 2, c.began, float64(c.rate))
			}
			off := 3 * time.Millisecond
			if c.name == "opus with pictures" {
				off += 7 * time.Millisecond // by which ffmpeg writes them apart in the file
			}
			click(t, ffmpeg(t, "-i", film, "-map", "a", "-ac", "1", "-ar", "48000", "-f", "s16le", "-"), off)
		})
	}
}

// click wants one click in the sound, at its time: three that are mixed apart would be longer.
func click(t *testing.T, samples []byte, off time.Duration) {
	t.Helper()
	first, last := -1, 0
	for i := range len(samples) / 2 {
		if s := int16(samples[2*i]) | int16(samples[2*i+1])<<8; s > 3000 || s < -3000 {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	begin, end := time.Duration(first)*time.Second/48000, time.Duration(last)*time.Second/48000
	if (begin-clicksAt).Abs() > off || (end-clicksAt-10*time.Millisecond).Abs() > off {
		t.Errorf("it clicks from %v to %v", begin, end)
	}
}

// TestFilmsOfAll: one file, one without pictures, and more than fit in a row.
func TestFilmsOfAll(t *testing.T) {
	needFFmpeg(t)
	for name, c := range map[string]struct {
		files, rate int
		sound       bool
		size        string
	}{
		"one": {1, 10, true, "160,90"}, "one without sound": {1, 10, false, "160,90"}, "sound alone": {1, 0, true, ""},
		"a grid": {5, 10, false, "270,180"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var list []session.Recording
			for i := range c.files {
				list = append(list, camera{
					name: string(rune('a' + i)), began: time.Duration(i) * 100 * time.Millisecond, rate: c.rate, sound: c.sound,
				}.record(t, dir))
			}
			take := takeOf(list...)
			if out, err := run(t, dir, scriptOf(t, take, export.Kept), ""); err != nil {
				t.Fatalf("%v %s", err, out)
			}
			out, err := exec.Command("ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "stream=width,height", "-of", "csv=p=0",
				filepath.Join(dir, take.Name()+"-side-by-side.mp4")).Output()
			if err != nil || strings.TrimSpace(string(out)) != c.size {
				t.Errorf("%v %s", err, out)
			}
		})
	}
}

// TestPlaylistsAreNotOpened: a file that names others on the machine makes no film of them.
func TestPlaylistsAreNotOpened(t *testing.T) {
	needFFmpeg(t)
	dir := t.TempDir()
	camera{name: "secret", rate: 10}.record(t, dir)
	write(t, filepath.Join(dir, "a.webm"), "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nsecret.mkv\n#EXT-X-ENDLIST\n", 0o600)
	take := takeOf(made("a", "", "a.webm", "video/webm", 0, time.Second))
	if out, err := run(t, dir, scriptOf(t, take, export.Kept), ""); err == nil || !strings.Contains(out, "neither pictures nor sound") {
		t.Errorf("%v %s", err, out)
	}
}
