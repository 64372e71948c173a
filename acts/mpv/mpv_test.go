package mpv

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/testact"
	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/session"
)

func TestMain(m *testing.M) { testutil.Main(m) }

// film returns the address of a film of a minute, 25 frames a second.
func film(t testing.TB) string {
	t.Helper()
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		testutil.Missing(t, "ffmpeg")
	}
	dir := t.TempDir()
	cmd := exec.Command(ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=25:duration=60", "-f", "lavfi",
		"-i", "sine=frequency=440:duration=60", "-c:v", "mpeg4", "-g", "50", "-c:a", "pcm_s16le", filepath.Join(dir, "film.mkv"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, out)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	return server.URL + "/film.mkv"
}

// screen is an mpv without a screen.
type screen struct {
	t      testing.TB
	socket string
	end    func()
}

func newScreen(t testing.TB) *screen {
	t.Helper()
	s := &screen{t: t, socket: filepath.Join(t.TempDir(), "mpv")}
	s.start()
	return s
}

func (s *screen) start() {
	s.t.Helper()
	mpv, err := exec.LookPath("mpv")
	if err != nil {
		testutil.Missing(s.t, "mpv")
	}
	cmd := exec.Command(mpv, "--no-config", "--idle", "--vo=null", "--ao=null", "--no-terminal", "--ytdl=no", "--input-ipc-server="+s.socket)
	testutil.Check(s.t, cmd.Start())
	var once sync.Once
	s.end = func() {
		once.Do(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
	}
	s.t.Cleanup(s.end)
}

// connect is a connection of the test's own.
func (s *screen) connect() *conn {
	s.t.Helper()
	var c *conn
	testutil.Eventually(s.t, "mpv's socket", func() (ok bool) {
		var err error
		c, err = dial(context.Background(), s.socket)
		return err == nil
	})
	s.t.Cleanup(c.close)
	return c
}

// awaitNear waits until an mpv plays, and is where the timeline is to a quarter of a second.
func awaitNear(t testing.TB, st *testact.Stage, p *Player, c *conn) {
	t.Helper()
	testutil.Eventually(t, "that mpv is where the timeline is", func() bool {
		b, err := c.call("get_property", "time-pos")
		pos, ok := message{Data: b}.number()
		paused, _ := c.call("get_property", "pause")
		now, _ := st.Clock().Now()
		s, _ := p.timeline().holds(now)
		want, plays, _ := s.at(now)
		return err == nil && ok && plays && string(paused) == "false" && math.Abs(pos-want) < .25
	})
}

// TestFollows: an mpv plays with the session, goes where it goes, and stands where it stands.
func TestFollows(t *testing.T) {
	s := newScreen(t)
	p := New(s.socket, nil)
	st := testact.New(t, p)
	c := s.connect()
	ctx := t.Context()
	testutil.Check(t, st.LoadMedia(ctx, device.Media{URL: film(t)}))
	st.AwaitStatus("that it stands ready, and how long the film is", func(d session.DeviceStatus) bool {
		return d.Media != nil && d.Media.State == "paused" && d.Media.DurationS != nil && math.Abs(*d.Media.DurationS-60) < 1
	})
	_, err := st.Play(ctx)
	testutil.Check(t, err)
	awaitNear(t, st, p, c)
	st.AwaitStatus("that it plays", func(d session.DeviceStatus) bool { return d.Media.State == "playing" })
	_, err = st.Seek(ctx, 30*time.Second)
	testutil.Check(t, err)
	awaitNear(t, st, p, c)
	_, err = st.SetRate(ctx, 1.5)
	testutil.Check(t, err)
	testutil.Eventually(t, "that it is faster", func() bool {
		b, _ := c.call("get_property", "speed")
		speed, _ := message{Data: b}.number()
		return speed > 1.4
	})
	awaitNear(t, st, p, c)
	_, err = st.PauseAt(ctx, 10*time.Second)
	testutil.Check(t, err)
	testutil.Eventually(t, "that it stands at the frame of 10 s", func() bool {
		b, _ := c.call("get_property", "time-pos")
		pos, _ := message{Data: b}.number()
		paused, _ := c.call("get_property", "pause")
		return math.Abs(pos-10) <= .04 && string(paused) == "true"
	})
}

// TestAwayAndBack: the session hears that no mpv is there; one that comes is brought to where the session is.
func TestAwayAndBack(t *testing.T) {
	s := newScreen(t)
	s.end()
	p := New(s.socket, nil)
	st := testact.New(t, p)
	testutil.Check(t, st.LoadMedia(t.Context(), device.Media{URL: film(t)}))
	_, err := st.Play(t.Context())
	testutil.Check(t, err)
	for range 2 {
		st.AwaitStatus("that nobody answers", func(d session.DeviceStatus) bool {
			return len(d.Warnings) == 1 && d.Warnings[0].Code == "program_away" && strings.Contains(d.Note, s.socket)
		})
		s.start()
		awaitNear(t, st, p, s.connect())
		st.AwaitStatus("that it plays", func(d session.DeviceStatus) bool { return len(d.Warnings) == 0 && d.Media.State == "playing" })
		s.end()
	}
}

// TestRefuses: what can't be played is said, and the next medium plays.
func TestRefuses(t *testing.T) {
	s := newScreen(t)
	p := New(s.socket, nil)
	st := testact.New(t, p)
	url := film(t)
	for media, says := range map[string]string{
		"file:///etc/passwd": "http and https", "av://lavfi:testsrc": "http and https", url + ".missing": "loading failed",
	} {
		testutil.Check(t, st.LoadMedia(t.Context(), device.Media{URL: media}))
		st.AwaitStatus("that "+media+" isn't played", func(d session.DeviceStatus) bool {
			return d.Media != nil && d.Media.MediaURL == media && d.Media.State == "failed" && strings.Contains(d.Note, says) &&
				len(d.Warnings) == 1 && d.Warnings[0].Code == "program_failed"
		})
	}
	testutil.Check(t, st.LoadMedia(t.Context(), device.Media{URL: url}))
	_, err := st.Play(t.Context())
	testutil.Check(t, err)
	awaitNear(t, st, p, s.connect())
}

// watched is an mpv, and by how much it was ahead at each frame that it showed.
type watched struct {
	at    []time.Time
	ahead []float64 // ms, of a point that is the same for all
}

// watch notes that for a while.
func watch(t testing.TB, s *screen, began time.Time, length time.Duration) (w watched) {
	c := s.connect()
	_, err := c.call("observe_property", 1, "time-pos")
	testutil.Check(t, err)
	for end := time.After(length); ; {
		select {
		case m := <-c.events:
			if pos, ok := m.number(); ok && m.Name == "time-pos" {
				w.at, w.ahead = append(w.at, m.at), append(w.ahead, 1000*pos-testutil.Ms(m.at.Sub(began)))
			}
		case <-end:
			return w
		}
	}
}

// BenchmarkTwoPlayers: how far apart two players are, at each frame of the first one's, from 5 s after the start on.
func BenchmarkTwoPlayers(b *testing.B) {
	url := film(b)
	for b.Loop() {
		one, two := newScreen(b), newScreen(b)
		st := testact.New(b, New(one.socket, nil))
		testact.Join(b, st.URL, New(two.socket, nil))
		testutil.Check(b, st.LoadMedia(b.Context(), device.Media{URL: url}))
		st.AwaitStatus("that it stands ready", func(d session.DeviceStatus) bool { return d.Media != nil && d.Media.State == "paused" })
		_, err := st.Play(b.Context())
		testutil.Check(b, err)
		testutil.Pause(b.Context(), 5*time.Second)
		began := time.Now()
		var ones, twos watched
		var both sync.WaitGroup
		both.Go(func() { ones = watch(b, one, began, 30*time.Second) })
		both.Go(func() { twos = watch(b, two, began, 30*time.Second) })
		both.Wait()
		var apart, second []float64 // of each frame; of a second's frames, with its sign
		var steady []float64        // the median of each second
		for i, at := range ones.at {
			j, _ := slices.BinarySearchFunc(twos.at, at, time.Time.Compare)
			if j == len(twos.at) {
				break
			}
			apart, second = append(apart, math.Abs(ones.ahead[i]-twos.ahead[j])), append(second, ones.ahead[i]-twos.ahead[j])
			if len(second) == 25 {
				slices.Sort(second)
				steady, second = append(steady, math.Abs(second[12])), second[:0]
			}
		}
		slices.Sort(steady)
		slices.Sort(apart)
		if len(apart) < 500 {
			b.Fatalf("%d frames were seen", len(apart))
		}
		b.ReportMetric(steady[len(steady)*95/100], "ms-apart-of-a-second-p95")
		b.ReportMetric(apart[len(apart)/2], "ms-apart-p50")
		b.ReportMetric(apart[len(apart)*95/100], "ms-apart-p95")
		b.ReportMetric(apart[len(apart)-1], "ms-apart-max")
	}
}
