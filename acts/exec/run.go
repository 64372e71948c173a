package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/device"
)

// run is one run of the command, from before its instant to its end.
type run struct {
	act   device.Act
	ctx   context.Context // of the act: ends when it was cancelled, missed or carried out
	cmd   *exec.Cmd
	dir   string // of its recording, empty for none
	out   string // begins the name of the file of its recording
	stdin io.WriteCloser
	errs  lastLine
	first *os.File // what it says of its first frame
	err   error    // why it couldn't be started

	gone              atomic.Bool // its process, whose number may be another's by now
	released, stopped chan struct{}
	stopAt            clock.SessionTime // guarded by stopped: before that is closed it is written, then read
}

// start starts the shell of an act, which waits to be released.
func (p *Program) start(ctx context.Context, a device.Act) *run {
	r := &run{act: a, ctx: ctx, released: make(chan struct{}), stopped: make(chan struct{})}
	if a.RecordingID != "" {
		r.err = r.makeRoom(p.cfg.Dir)
	}
	script := strings.ReplaceAll(p.cfg.Command, "{out}", `"$DOWNBEAT_OUT"`)
	if !p.cfg.Waits {
		script = "read -r _ || exit\n" + script
	}
	r.cmd = exec.Command("sh", "-c", script)
	r.cmd.Env = p.environment(a, r.out)
	r.cmd.Stderr = io.MultiWriter(&r.errs, orNobody(p.cfg.Stderr))
	r.cmd.Stdout = orNobody(p.cfg.Stdout)
	r.cmd.WaitDelay = toTerminate // what it left behind may still have its outputs open
	ownGroup(r.cmd)
	if r.err == nil && r.dir != "" && !strings.Contains(p.cfg.Command, "{out}") {
		r.err = r.recordOutput()
	}
	if r.err == nil {
		r.err = r.begin()
	}
	return r
}

// begin starts the process with the pipes that it hears and speaks by.
func (r *run) begin() (err error) {
	if r.stdin, err = r.cmd.StdinPipe(); err != nil {
		return err
	}
	var says *os.File
	if r.first, says, err = os.Pipe(); err != nil {
		return err
	}
	r.cmd.ExtraFiles = []*os.File{says}
	err = errors.Join(r.cmd.Start(), says.Close())
	if err != nil {
		_ = r.first.Close()
	}
	return err
}

// release lets the command go on: it is called at the instant.
func (r *run) release(a device.Act) {
	if r.err == nil {
		_, _ = r.stdin.Write([]byte{'\n'}) // one that has ended already tells why by its status
		_ = r.stdin.Close()
	}
	r.act = a
	close(r.released)
}

// stop interrupts the command: it is called at the instant.
func (r *run) stop(a device.Act) {
	r.signal(interrupt)
	r.stopAt = a.At
	close(r.stopped)
}

// awaitRelease returns whether the run was released; where its act won't come, or ctx ends, it is dropped.
func (r *run) awaitRelease(ctx context.Context) bool {
	select {
	case <-r.released:
		return true
	case <-r.ctx.Done():
	case <-ctx.Done():
	}
	select {
	case <-r.released: // carried out, which ends the act's context too
		return true
	default:
		r.drop()
		return false
	}
}

// drop ends what wasn't released. Nothing of the command has run, or it has only waited.
func (r *run) drop() {
	if r.err == nil {
		r.signal(kill)
		_ = r.cmd.Wait()
		_ = r.first.Close()
	}
	r.discard()
}

// signal does something to the run's processes, if they are there.
func (r *run) signal(how func(*os.Process)) {
	if r.err == nil && !r.gone.Load() {
		how(r.cmd.Process)
	}
}

// wait waits for the end of a released run, which is interrupted when its time is over or ctx ends.
// It returns nil for one that did what it was to do.
func (r *run) wait(ctx context.Context, cfg Config) error {
	if r.err != nil {
		return r.err
	}
	exited := make(chan error, 1)
	go func() {
		err := r.cmd.Wait()
		r.signal(kill) // what it left behind in its group
		r.gone.Store(true)
		_ = r.first.SetReadDeadline(time.Now()) // one that left the group may hold it open
		exited <- err
	}()
	var over <-chan time.Time
	if r.dir == "" {
		over = time.After(cfg.Limit)
	}
	select {
	case err := <-exited:
		return r.because(err)
	case <-r.stopped:
		return r.end(exited, cfg.Grace)
	case <-ctx.Done():
		r.signal(interrupt)
		return r.end(exited, cfg.Grace)
	case <-over:
		r.signal(interrupt)
		_ = r.end(exited, cfg.Grace)
		return fmt.Errorf("it ran for longer than %v, and was ended", cfg.Limit)
	}
}

// end waits for an interrupted run, and is less and less patient with it.
func (r *run) end(exited <-chan error, grace time.Duration) error {
	for _, next := range []struct {
		wait time.Duration
		lose func()
	}{{grace, func() { r.signal(terminate) }}, {toTerminate, func() { r.signal(kill) }}} {
		select {
		case <-exited:
			return nil // whatever its status: it was interrupted
		case <-time.After(next.wait):
			next.lose()
		}
	}
	<-exited
	return fmt.Errorf("it went on for %v after SIGINT, and was killed", grace+toTerminate)
}

// because says why a run has failed; nil if it hasn't.
func (r *run) because(err error) error {
	if err == nil || errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	if line := r.errs.String(); line != "" {
		return fmt.Errorf("%w: %s", err, line)
	}
	return err
}

func orNobody(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}

func nanoseconds(t clock.SessionTime) string { return strconv.FormatInt(int64(t), 10) }

// lastLine keeps the last line that was written. It is safe for concurrent use.
type lastLine struct {
	mu  sync.Mutex
	end []byte
}

// mostLine bounds a line in bytes.
const mostLine = 256

// Write never fails.
func (l *lastLine) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end = append(l.end, b...)
	l.end = append(l.end[:0], l.end[max(0, len(l.end)-2*mostLine):]...)
	return len(b), nil
}

// String returns the line.
func (l *lastLine) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.TrimSpace(string(l.end))
	text = text[strings.LastIndexAny(text, "\r\n")+1:]
	return text[:min(len(text), mostLine)]
}
