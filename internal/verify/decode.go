package verify

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strconv"
	"strings"

	"github.com/downbeat-sync/downbeat/light"
)

// widest is what frames are made smaller to: enough for any light that fills half of them.
const widest = 960

// probed is what ffprobe tells of a file.
type probed struct {
	Streams []struct {
		Width       int `json:"width"`
		Height      int `json:"height"`
		Disposition struct {
			AttachedPic int `json:"attached_pic"`
		} `json:"disposition"`
	} `json:"streams"`
}

// errNoPictures is what a file of sound, or an empty one, is.
var errNoPictures = errors.New("it has no pictures")

// sizeOf returns the size that the file's frames are read in.
func sizeOf(ctx context.Context, file string) (width, height int, err error) {
	cmd := exec.CommandContext(ctx, "ffprobe", "-v", "16", "-protocol_whitelist", "file", "-select_streams", "V:0",
		"-show_entries", "stream=width,height:stream_disposition=attached_pic", "-of", "json", "file:"+file)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return 0, 0, told("ffprobe", err, complaint.String())
	}
	var p probed
	if err := json.Unmarshal(out.Bytes(), &p); err != nil {
		return 0, 0, fmt.Errorf("ffprobe: %w", err)
	}
	if len(p.Streams) == 0 || p.Streams[0].Width <= 0 || p.Streams[0].Height <= 0 {
		return 0, 0, errNoPictures
	}
	width, height = p.Streams[0].Width, p.Streams[0].Height
	if width > widest {
		width, height = widest, max(int(math.Round(float64(height)*widest/float64(width))), 1)
	}
	return width, height, nil
}

// told is a program's failure in its own last words.
func told(program string, err error, complaint string) error {
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%s isn't installed", program)
	}
	lines := strings.Split(strings.TrimSpace(complaint), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return fmt.Errorf("%s can't read it: %s", program, last)
	}
	return fmt.Errorf("%s: %w", program, err)
}

// frames decodes a file, and calls each with the time of each frame in the file, in ms, and
// its luma, which is overwritten by the next. Rows are the sensor's: a turned phone's film is read as it lies.
func frames(ctx context.Context, file string, each func(ms float64, f light.Frame)) error {
	width, height, err := sizeOf(ctx, file)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-protocol_whitelist", "file,pipe", "-noautorotate", "-copyts",
		"-i", "file:"+file, "-map", "0:V:0", "-vf", fmt.Sprintf("scale=%d:%d:flags=area,format=gray,showinfo=checksum=0", width, height),
		"-vsync", "passthrough", "-f", "rawvideo", "pipe:1")
	pixels, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	words, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return told("ffmpeg", err, "")
	}
	times := make(chan float64, 1<<10)
	last := make(chan string, 1)
	go func() { last <- listen(words, times) }()
	err = pair(pixels, times, light.Frame{Width: width, Height: height, Stride: width, Luma: make([]byte, width*height)}, each)
	if err != nil {
		_ = cmd.Process.Kill()
	}
	for range times { // of frames that nobody takes
	}
	complaint := <-last
	if failed := cmd.Wait(); failed != nil && err == nil {
		return told("ffmpeg", failed, complaint)
	}
	return err
}

// listen reads the times of frames from what showinfo says, and returns the last line that is no such thing.
func listen(words io.Reader, times chan<- float64) (last string) {
	defer close(times)
	in := bufio.NewReader(words)
	for {
		line, err := in.ReadString('\n')
		_, rest, ok := strings.Cut(line, " pts_time:")
		switch {
		case ok && strings.Contains(line, "showinfo"):
			seconds, err := strconv.ParseFloat(strings.Fields(rest + " ")[0], 64)
			if err != nil {
				seconds = math.NaN()
			}
			times <- seconds * 1000
		case strings.TrimSpace(line) != "" && !strings.Contains(line, "showinfo"):
			last = strings.TrimSpace(line)
		}
		if err != nil {
			return last
		}
	}
}

var errTimes = errors.New("its frames have no times")

// pair brings frames and their times together.
func pair(pixels io.Reader, times <-chan float64, f light.Frame, each func(float64, light.Frame)) error {
	for {
		if _, err := io.ReadFull(pixels, f.Luma); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("its last frame isn't whole: %w", err)
		}
		ms, ok := <-times
		if !ok || math.IsNaN(ms) {
			return errTimes
		}
		each(ms, f)
	}
}
