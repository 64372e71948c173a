package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

const (
	keptClockFile = "session-time" // in the data directory: the last session time, in nanoseconds
	keepClock     = time.Second    // how often it is written
)

// keptClock is the session time that is kept with the data, so that a process that comes after this one begins no
// earlier, even where the machine's clock has been set back since. It isn't synced to the disk: after
// a power cut a few seconds of it may be missing, and the machine takes longer than that to start.
type keptClock struct {
	file *os.File
	from clock.SessionTime // that an earlier process kept; 0: none did
	last clock.SessionTime // that is in the file
	said atomic.Bool       // that UTC is before from
}

// openClock has session time begin no earlier than where an earlier process on the same data stopped. Instances
// on a shared store have it from the reference's lease instead.
func (s *Server) openClock(context.Context) error {
	if s.cfg.Data == "" || s.cfg.NATS != "" {
		return nil
	}
	name := filepath.Join(s.cfg.Data, keptClockFile)
	last, err := readKeptClock(name)
	if err != nil {
		s.log.Warn("session_time_unreadable", "file", name, "err", err)
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	s.kept = &keptClock{file: file, from: last, last: last}
	if by := last.Sub(clock.SessionTime(s.cfg.Now().UnixNano())); last != 0 && by > 0 {
		by += keepClock // what was told since it was written
		machine := s.cfg.Now
		s.cfg.Now = func() time.Time { return machine().Add(by) }
		s.log.Warn("clock_set_back", "by_s", by.Seconds(), "reason", "this machine's clock is before the last session time in the data directory; session time goes on from there")
	}
	return nil
}

// readKeptClock returns 0 where there is none.
func readKeptClock(name string) (clock.SessionTime, error) {
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	ns, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err == nil && (ns < 0 || time.Unix(0, ns).Year() > 2200) {
		err = fmt.Errorf("%d isn't a session time", ns)
	}
	if err != nil {
		return 0, err
	}
	return clock.SessionTime(ns), nil
}

// write keeps a session time. Nothing else has the file, and each has as many digits.
func (k *keptClock) write(at clock.SessionTime) error {
	if at <= k.last {
		return nil
	}
	k.last = at
	_, err := k.file.WriteAt(fmt.Appendf(nil, "%019d\n", int64(at)), 0)
	return err
}

func (k *keptClock) close() error {
	if k == nil {
		return nil
	}
	return k.file.Close()
}

// keepTime writes session time down until ctx ends.
func (s *Server) keepTime(ctx context.Context) error {
	if s.kept == nil {
		return nil
	}
	defer func() { _ = s.kept.close() }()
	ticker := time.NewTicker(keepClock)
	defer ticker.Stop()
	for failed := false; ; {
		err := s.kept.write(s.clock.Now())
		if err != nil && !failed {
			s.log.Warn("session_time_not_kept", "err", err)
		}
		failed = err != nil
		select {
		case <-ctx.Done():
			_ = s.kept.write(s.clock.Now())
			return nil
		case <-ticker.C:
		}
	}
}

// stepTo calls step, which steps session time, and takes it back if session time went to before what an earlier
// process kept: devices and the sessions that are stored have seen that already. It reports whether
// session time was stepped.
func (s *Server) stepTo(step func()) bool {
	at := s.cfg.Now()
	was := s.clock.At(at)
	step()
	is := s.clock.At(at)
	if s.kept == nil || is >= min(was, s.kept.from) {
		return true
	}
	by := was.Sub(is)
	s.clock.Step(at, by)
	if !s.kept.said.Swap(true) {
		s.log.Warn("session_time_ahead", "by_s", by.Seconds(), "reason", "the NTP servers' time is before the last session time in the data directory; session time goes on from there")
	}
	return false
}
