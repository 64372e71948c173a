package server

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// keptServer makes a server on a data directory whose machine's clock is ahead of the real one, and
// opens nothing but session time.
func keptServer(t *testing.T, dir string, ahead time.Duration) *Server {
	t.Helper()
	s, err := New(context.Background(), Config{
		Data: dir, Addr: "127.0.0.1:0", Now: func() time.Time { return time.Now().Add(ahead) }, Log: testutil.Quiet(),
	})
	testutil.Check(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestSessionTimeIsKept: a process on the same data begins no earlier than where the one before it stopped,
// whatever its machine's clock says, and not even NTP takes it back.
func TestSessionTimeIsKept(t *testing.T) {
	dir := t.TempDir()
	first := keptServer(t, dir, 0)
	last := first.clock.Now()
	testutil.Check(t, first.kept.write(last))
	testutil.Check(t, first.Close())

	back := keptServer(t, dir, -time.Hour)
	now := back.clock.Now()
	if ahead := now.Sub(last); ahead < keepClock || ahead > time.Minute {
		t.Errorf("an hour back, session time goes on %v after the last one that was kept", ahead)
	}
	stepped := back.stepToUTC(func() { back.clock.Step(back.cfg.Now(), -time.Hour) })
	if again := back.clock.Now(); stepped || again < now {
		t.Errorf("stepped back by %v: %v", now.Sub(again), stepped)
	}
	if !back.stepToUTC(func() { back.clock.Step(back.cfg.Now(), time.Hour) }) || back.clock.Now().Sub(now) < time.Hour {
		t.Error("it couldn't be stepped ahead")
	}
	testutil.Check(t, back.Close())

	later := keptServer(t, dir, time.Hour)
	if off := later.clock.Now().Sub(last); off < time.Hour || off > time.Hour+time.Minute {
		t.Errorf("with a clock that is ahead session time went on by %v, want an hour", off)
	}
}

// TestDamagedSessionTime: what no server has written is passed over, and written anew.
func TestDamagedSessionTime(t *testing.T) {
	for _, text := range []string{"", "yesterday\n", "-5\n", "9223372036854775807\n", "1795588765989461000 and more"} {
		name := filepath.Join(t.TempDir(), keptClockFile)
		testutil.Check(t, os.WriteFile(name, []byte(text), 0o600))
		if at, err := readKeptClock(name); at != 0 || err == nil {
			t.Errorf("%q was read as %d, %v", text, at, err)
		}
	}
	if at, err := readKeptClock(filepath.Join(t.TempDir(), "none")); at != 0 || err != nil {
		t.Errorf("none: %d, %v", at, err)
	}
}
