//go:build unix

package exec

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/testact"
	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

func stage(t testing.TB, cfg Config) *testact.Stage {
	t.Helper()
	p, err := New(cfg)
	testutil.Check(t, err)
	return testact.New(t, p)
}

// flash schedules a command, and returns its instant.
func flash(t testing.TB, s *testact.Stage, name string) session.Scheduled {
	t.Helper()
	return flashIn(t, s, name, 150*time.Millisecond)
}

func flashIn(t testing.TB, s *testact.Stage, name string, delay time.Duration) (cmd session.Scheduled) {
	t.Helper()
	testutil.Eventually(t, "a connection", func() (done bool) {
		var err error
		cmd, err = s.Schedule(t.Context(), device.Command{Name: name, Payload: "a 'b' $(c)", When: device.When{Delay: delay}})
		if !errors.Is(err, signaling.ErrEnded) { // a busy machine may lose one
			testutil.Check(t, err)
		}
		return err == nil
	})
	return cmd
}

func awaitFile(t testing.TB, name string) string {
	t.Helper()
	var text []byte
	testutil.Eventually(t, name, func() bool {
		text, _ = os.ReadFile(name)
		return strings.HasSuffix(string(text), "\n")
	})
	return string(text)
}

// TestRunsAtTheInstant: not before it, once, and it is told what it runs for; either way of waiting.
func TestRunsAtTheInstant(t *testing.T) {
	for _, c := range []struct {
		name, before string
		waits        bool
	}{{name: "released"}, {"waits itself", "read -r _ || exit; ", true}} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "told")
			s := stage(t, Config{Waits: c.waits, Command: c.before + `printf '%s\n' "$(date +%s%N) $DOWNBEAT_AT_NS $DOWNBEAT_COMMAND $DOWNBEAT_SESSION $DOWNBEAT_NAME $DOWNBEAT_PAYLOAD" >>` + file})
			session, ok := s.Clock().Now()
			wall := clock.SessionTime(time.Now().UnixNano())
			cmd := flash(t, s, "flash")
			stamp, told, _ := strings.Cut(awaitFile(t, file), " ")
			at, err := strconv.ParseInt(stamp, 10, 64)
			testutil.Check(t, err)
			if early := cmd.Timestamp.Sub(clock.SessionTime(at).Add(session.Sub(wall))); !ok || early > time.Millisecond {
				t.Errorf("it ran %v before its instant", early)
			}
			if want := strconv.FormatInt(int64(cmd.Timestamp), 10) + " " + cmd.CommandID + ` studio flash "a 'b' $(c)"` + "\n"; told != want {
				t.Errorf("it was told %q, not %q", told, want)
			}
		})
	}
}

// TestOnlyWhatIsAsked: it runs for the commands that it is to run for, and not for one that is taken back.
func TestOnlyWhatIsAsked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ran")
	s := stage(t, Config{On: []string{"gong", "end"}, Command: `echo $DOWNBEAT_NAME >>` + file})
	flash(t, s, "flash")
	taken := flashIn(t, s, "gong", 2*time.Second)
	testutil.Check(t, s.Cancel(t.Context(), taken.CommandID))
	_, err := s.StartRecording(t.Context(), device.Recording{Duration: 100 * time.Millisecond})
	testutil.Check(t, err)
	flashIn(t, s, "end", 2*time.Second)
	if got := awaitFile(t, file); got != "end\n" {
		t.Errorf("it ran for %q", got)
	}
	var answer struct{ Recordings []session.Recording }
	if s.Get("/recordings", &answer); len(answer.Recordings) != 0 {
		t.Errorf("it is part of takes: %+v", answer.Recordings)
	}
}

// TestRecords: what it writes is the recording of the take, to its output or to a file with an ending.
func TestRecords(t *testing.T) {
	for name, c := range map[string]struct{ command, file string }{
		"output": {"trap 'echo end; exit' INT; echo begin; while :; do sleep 0.01; done", "recording"},
		"file":   {"trap 'echo end >>{out}.txt; exit' INT; echo begin >{out}.txt; echo no; while :; do sleep 0.01; done", "recording.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := stage(t, Config{Dir: dir, Command: c.command})
			take, err := s.StartRecording(t.Context(), device.Recording{Duration: 500 * time.Millisecond})
			testutil.Check(t, err)
			r := s.AwaitRecording("its file", func(r session.Recording) bool { return r.UploadStatus == "uploaded" })
			if r.FileSizeBytes == nil || *r.FileSizeBytes != int64(len("begin\nend\n")) || filepath.Ext(r.File) != filepath.Ext(c.file) {
				t.Errorf("recorded %+v", r)
			}
			if r.StartTimestamp == nil || *r.StartTimestamp < take.Timestamp || r.StopTimestamp == nil || testutil.Ms(r.StopTimestamp.Sub(*r.StartTimestamp)) > *r.StartBoundMs+0.01 {
				t.Fatalf("recorded %+v: nobody knows when the first frame came", r)
			}
			if r.StopTimestamp.Sub(take.Timestamp) < 500*time.Millisecond {
				t.Errorf("ended at %v", r.StopTimestamp)
			}
			testutil.Eventually(t, "an empty directory", func() bool {
				left, err := os.ReadDir(dir)
				testutil.Check(t, err)
				return len(left) == 0
			})
		})
	}
}

// TestFirstFrame: a command that knows when its first frame came says so.
func TestFirstFrame(t *testing.T) {
	p, err := New(Config{Dir: t.TempDir(), Command: `echo film; echo nonsense >&3; echo "first $(cut -d' ' -f1 /proc/uptime | tr -d .)0000000 20000000" >&3; while :; do sleep 0.01; done`})
	testutil.Check(t, err)
	if _, err := os.Stat("/proc/uptime"); err != nil {
		t.Skip("this system has no /proc/uptime to read the clock by")
	}
	s := testact.New(t, p)
	take, err := s.StartRecording(t.Context(), device.Recording{})
	testutil.Check(t, err)
	r := s.AwaitRecording("its start", func(r session.Recording) bool { return r.StartTimestamp != nil })
	now, _ := s.Clock().Now()
	if first, bound := *r.StartTimestamp, time.Duration(*r.StartBoundMs*1e6); first.Add(bound) < take.Timestamp || first.Add(-bound) > now || bound < 20*time.Millisecond || bound > 100*time.Millisecond {
		t.Errorf("began %v after its instant, with a bound of %v", first.Sub(take.Timestamp), bound)
	}
	_, err = s.StopRecording(t.Context())
	testutil.Check(t, err)
	s.AwaitRecording("its file", func(r session.Recording) bool { return r.UploadStatus == "uploaded" })
}

// TestFailures: the session hears why, and of the next success that it is over.
func TestFailures(t *testing.T) {
	s := stage(t, Config{Dir: t.TempDir(), Limit: 300 * time.Millisecond, Grace: 100 * time.Millisecond, Command: `case $DOWNBEAT_NAME in
		fails) echo first >&2; echo no such camera >&2; exit 3;;
		hangs) trap '' INT TERM; sleep 60;;
		"") exit 0;;
		esac`})
	awaits := func(says string) {
		t.Helper()
		s.AwaitStatus(says, func(d session.DeviceStatus) bool {
			return strings.Contains(d.Note, says) && len(d.Warnings) == 1 && d.Warnings[0].Code == "program_failed"
		})
	}
	flash(t, s, "fails")
	awaits("exit status 3: no such camera")
	flash(t, s, "works")
	s.AwaitStatus("no warning", func(d session.DeviceStatus) bool { return len(d.Warnings) == 0 && d.Note == "" })
	flash(t, s, "hangs")
	awaits("it ran for longer than 300ms")
	_, err := s.StartRecording(t.Context(), device.Recording{Duration: 100 * time.Millisecond})
	testutil.Check(t, err)
	s.AwaitRecording("the failure", func(r session.Recording) bool { return r.UploadStatus == "failed" })
	awaits("it recorded nothing")
}

// TestLeavesNothing: neither a run that waits, nor one under way and what it started; a recording that can't be
// uploaded any more stays on the disk.
func TestLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	pids := filepath.Join(dir, "pids")
	var log testutil.LogLines
	s := stage(t, Config{Dir: dir, Log: log.Logger(0), Grace: 100 * time.Millisecond, Command: `echo film >{out}; sleep 60 & echo $$ $! >` + pids + `; trap '' INT; wait; wait`})
	_, err := s.StartRecording(t.Context(), device.Recording{})
	testutil.Check(t, err)
	running := strings.Fields(awaitFile(t, pids))
	_, err = s.Schedule(t.Context(), device.Command{Name: "far", When: device.When{Delay: time.Hour}})
	testutil.Check(t, err)
	s.Stop()
	for _, text := range running {
		pid, err := strconv.Atoi(text)
		testutil.Check(t, err)
		testutil.Eventually(t, "the end of "+text, func() bool { return syscall.Kill(pid, 0) != nil })
	}
	kept, err := filepath.Glob(filepath.Join(dir, "downbeat-take-*", "recording"))
	testutil.Check(t, err)
	if len(kept) != 1 || !strings.Contains(log.Text(), kept[0]) {
		t.Errorf("kept is %v, and the log has %s", kept, log.Text())
	}
}

func TestBadConfig(t *testing.T) {
	for _, cfg := range []Config{{}, {Command: " "}, {Command: "x", Limit: -1}, {Command: "x", Grace: -1}} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
}
