package takes_test

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

	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/takes"
)

// hostile is a name and a label that would do harm if anything took them for code.
const hostile = `'; touch pwned; '$(touch pwned)"` + "`touch pwned`" + `\%s -y`

func scriptOf(t *testing.T, take takes.Take, names takes.Names) []byte {
	t.Helper()
	b, err := takes.Script(take, names)
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
	// ffprobe says that everything has pictures and sound, and that the film is as long as it should be; ffmpeg prints its arguments.
	write(t, filepath.Join(programs, "ffprobe"), "#!/bin/sh\ncase \"$*\" in *duration*) echo 1.0015 ;; *) echo 0 ;; esac\n", 0o700)
	write(t, filepath.Join(programs, "ffmpeg"), "#!/bin/sh\nprintf '<%s>\\n' \"$@\"\n", 0o700)
	out, err := run(t, dir, scriptOf(t, takeOf(evil, dash), takes.Kept), programs)
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
	out, err := run(t, t.TempDir(), scriptOf(t, takeOf(made("a", "", "a.webm", "", 0, time.Second)), takes.Kept), programs)
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
	if out, err := run(t, dir, scriptOf(t, take, takes.Kept), ""); err != nil {
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
			if out, err := run(t, dir, scriptOf(t, take, takes.Kept), ""); err != nil {
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
			if out, err := run(t, dir, scriptOf(t, take, takes.Kept), ""); err != nil {
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
	if out, err := run(t, dir, scriptOf(t, take, takes.Kept), ""); err == nil || !strings.Contains(out, "neither pictures nor sound") {
		t.Errorf("%v %s", err, out)
	}
}

// streams tells what ffprobe shows of a file's streams.
func streams(t *testing.T, file string, args ...string) string {
	t.Helper()
	out, err := exec.Command("ffprobe", append(append([]string{"-v", "error", "-of", "csv=p=0"}, args...), file)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// pixels returns the luma of a film's frames, scaled to so many columns and rows.
func pixels(t *testing.T, film string, columns, rows int) [][]byte {
	t.Helper()
	scale := fmt.Sprintf("scale=%d:%d:flags=area,format=yuv420p,extractplanes=y", columns, rows)
	all := ffmpeg(t, "-i", film, "-vf", scale, "-f", "rawvideo", "-")
	var frames [][]byte
	for size := columns * rows; len(all) >= size; all = all[size:] {
		frames = append(frames, all[:size])
	}
	return frames
}

// TestFilmWithoutWhatIsBroken: what can't be used is left out and named, and the rest is a film.
func TestFilmWithoutWhatIsBroken(t *testing.T) {
	needFFmpeg(t)
	dir := t.TempDir()
	good := camera{name: "good", rate: 10, sound: true}.record(t, dir)
	write(t, filepath.Join(dir, "empty.webm"), "", 0o600)
	write(t, filepath.Join(dir, "noise.mp4"), strings.Repeat("no film ", 1000), 0o600)
	header, err := os.ReadFile(filepath.Join(dir, good.File[strings.LastIndex(good.File, "/")+1:]))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "header.mkv"), string(header[:600]), 0o600)
	take := takeOf(good, made("e", "", "empty.webm", "video/webm", 0, time.Second), made("h", "", "header.mkv", "", 0, time.Second),
		made("m", "", "missing.webm", "", 0, time.Second), made("n", "", "noise.mp4", "video/mp4", 0, time.Second))
	out, err := run(t, dir, scriptOf(t, take, takes.Kept), "")
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
	film := filepath.Join(dir, take.Name()+"-side-by-side.mp4")
	notes, err := os.ReadFile(strings.TrimSuffix(film, ".mp4") + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	comment := streams(t, film, "-show_entries", "format_tags=comment")
	for _, name := range []string{"empty.webm", "header.mkv", "missing.webm isn't here", "noise.mp4"} {
		if !strings.Contains(out, "Left out: ./"+name) || !strings.Contains(string(notes), name) || !strings.Contains(comment, name) {
			t.Errorf("nothing says that %s is left out:\n%s\n%s\n%s", name, out, notes, comment)
		}
	}
	if got := streams(t, film, "-show_entries", "stream=codec_type"); got != "video\naudio" {
		t.Errorf("the film has %q", got)
	}
	click(t, ffmpeg(t, "-i", film, "-map", "a", "-ac", "1", "-ar", "48000", "-f", "s16le", "-"), 3*time.Millisecond)
}

// TestFilmOfATurnedPhone: a picture that changes its size within a file keeps its proportions, and its
// place in time; another one isn't touched.
func TestFilmOfATurnedPhone(t *testing.T) {
	needFFmpeg(t)
	dir := t.TempDir()
	for i, size := range []string{"64x36", "36x64"} {
		ffmpeg(t, "-f", "lavfi", "-i", "color=white:s="+size+":r=30:d=1", "-c:v", "libvpx", "-b:v", "1M", filepath.Join(dir, fmt.Sprintf("part%d.webm", i)))
	}
	write(t, filepath.Join(dir, "parts.txt"), "file part0.webm\nfile part1.webm\n", 0o600)
	ffmpeg(t, "-f", "concat", "-i", filepath.Join(dir, "parts.txt"), "-c", "copy", filepath.Join(dir, "turned.mkv"))
	take := takeOf(made("a", "", "turned.mkv", "", 0, filmed), camera{name: "b", rate: 30}.record(t, dir))
	if out, err := run(t, dir, scriptOf(t, take, takes.Kept), ""); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	film := filepath.Join(dir, take.Name()+"-side-by-side.mp4")
	frames := pixels(t, film, 20, 1) // 10 columns for each picture; a portrait in a landscape cell has 3 of them
	for at, lit := range map[int]int{15: 10, 45: 3} {
		n := 0
		for _, luma := range frames[at][:10] {
			if luma > 150 {
				n++
			}
		}
		if n < lit-1 || n > lit+1 {
			t.Errorf("frame %d: %d columns of the turned picture are lit, not %d: %v", at, n, lit, frames[at][:10])
		}
	}
	var other []byte
	for _, frame := range pixels(t, film, 4, 1) {
		other = append(other, 0, frame[2], 0)
	}
	bright(t, other, 1, 0, 30)
}

// TestFilmWithoutCovers: the picture of an album is no film.
func TestFilmWithoutCovers(t *testing.T) {
	needFFmpeg(t)
	dir := t.TempDir()
	ffmpeg(t, "-f", "lavfi", "-i", "color=white:s=64x64:d=1", "-frames:v", "1", filepath.Join(dir, "cover.png"))
	ffmpeg(t, "-f", "lavfi", "-i", "sine=d=2", "-i", filepath.Join(dir, "cover.png"), "-map", "0", "-map", "1", "-c:a", "aac", "-c:v", "png",
		"-disposition:v", "attached_pic", filepath.Join(dir, "song.m4a"))
	take := takeOf(made("a", "", "song.m4a", "audio/mp4", 0, filmed), camera{name: "b", rate: 30}.record(t, dir))
	if out, err := run(t, dir, scriptOf(t, take, takes.Kept), ""); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	film := filepath.Join(dir, take.Name()+"-side-by-side.mp4")
	if got := streams(t, film, "-show_entries", "stream=codec_type"); got != "video\naudio" {
		t.Errorf("the film has %q", got)
	}
	var frames []byte
	for _, frame := range pixels(t, film, 1, 1) {
		frames = append(frames, frame[0], 0, 0)
	}
	bright(t, frames, 0, 0, 30)
}

// TestFilmOfParts: a camera that was interrupted has one place in the film, black while it recorded nothing.
func TestFilmOfParts(t *testing.T) {
	needFFmpeg(t)
	dir := t.TempDir()
	first := camera{name: "a", rate: 30, sound: true}.record(t, dir)
	ffmpeg(t, "-i", filepath.Join(dir, "a.mkv"), "-t", "0.5", "-c", "copy", filepath.Join(dir, "a1.mkv"))
	first.File = "recordings/studio/1/a1.mkv"
	*first.StopTimestamp = first.StartTimestamp.Add(500 * time.Millisecond)
	second := camera{name: "a2", began: 1200 * time.Millisecond, rate: 30}.record(t, dir)
	second.DeviceID = first.DeviceID
	take := takeOf(first, second, camera{name: "b", rate: 30}.record(t, dir))
	if out, err := run(t, dir, scriptOf(t, take, takes.Kept), ""); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	film := filepath.Join(dir, take.Name()+"-side-by-side.mp4")
	if got := streams(t, film, "-select_streams", "v", "-show_entries", "stream=width,height"); got != "320,90" {
		t.Errorf("the film is %s", got)
	}
	for i, frame := range pixels(t, film, 2, 1) {
		at := float64(i) / 30
		want := 16.5 + levels*at
		if at > 0.58 && at < 1.18 {
			want = 16
		}
		if got := float64(frame[0]); at > 0.05 && (at < 0.45 || at > 0.6) && (at < 1.15 || at > 1.25) && (got < want-6 || got > want+6) {
			t.Errorf("at %.3f the interrupted camera is %v bright, not %.0f", at, got, want)
		}
	}
}

// TestFilmIsLookedAt: a film that isn't what was promised is no success.
func TestFilmIsLookedAt(t *testing.T) {
	needFFmpeg(t)
	dir, programs := t.TempDir(), t.TempDir()
	take := takeOf(camera{name: "a", rate: 10}.record(t, dir))
	real, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatal(err)
	}
	// An ffmpeg that ends early without a word.
	write(t, filepath.Join(programs, "ffmpeg"), "#!/bin/sh\nexec "+real+" \"$@\" -t 1 "+filepath.Join(dir, take.Name()+"-side-by-side.mp4")+"\n", 0o700)
	script := bytes.ReplaceAll(scriptOf(t, take, takes.Kept), []byte(`-t "$length" -movflags +faststart "$film"`), nil)
	if out, err := run(t, dir, script, programs); err == nil || !strings.Contains(out, "Something is wrong") {
		t.Errorf("%v %s", err, out)
	}
}
