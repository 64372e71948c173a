package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/sim"
	"github.com/downbeat-sync/downbeat/clock/trace"
)

// TestSimulateAndReplay: what one command writes the other reads.
func TestSimulateAndReplay(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	out, errs, code := finish(t, "", "simulate", "--profile=intercontinental", "--seed=3", "--duration=2m", "--json",
		"--trace="+at("trace.csv"), "--truth="+at("truth.csv"), "--plot="+at("plot.svg"))
	if code != 0 {
		t.Fatal(errs)
	}
	var results []struct{ Profile string }
	check(t, json.Unmarshal([]byte(out), &results))
	if len(results) != 1 || results[0].Profile != "intercontinental" {
		t.Errorf("the result is %s", out)
	}
	rows, _, code := finish(t, "", "replay", at("trace.csv"))
	if code != 0 {
		t.Fatalf("replay ends with %d", code)
	}
	truth, err := os.ReadFile(at("truth.csv"))
	check(t, err)
	if n := strings.Count(rows, "\n"); n != strings.Count(string(truth), "\n") || n < 20 {
		t.Errorf("%d rows, %d truths", n, strings.Count(string(truth), "\n"))
	}
	if _, err := os.Stat(at("plot.svg")); err != nil {
		t.Error(err)
	}
}

// TestSignalEndsTheTools: Ctrl-C, while one computes or waits for input.
func TestSignalEndsTheTools(t *testing.T) {
	for name, args := range map[string][]string{
		"simulate": {"simulate", "--duration=168h", "--runs=1000", "--verbose"},
		"replay":   {"replay"},
	} {
		cmd := downbeat(t, args...)
		stdin, err := cmd.StdinPipe()
		check(t, err)
		says, tell, err := os.Pipe()
		check(t, err)
		cmd.Stdout, cmd.Stderr = tell, tell
		check(t, cmd.Start())
		check(t, tell.Close())
		_, err = says.Read(make([]byte, 1)) // it is at work
		check(t, err)
		check(t, cmd.Process.Signal(os.Interrupt))
		if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
			t.Errorf("%s: ended by itself: %v", name, cmd.ProcessState)
		}
		_ = stdin.Close() // Wait has
		check(t, says.Close())
	}
}

// exchangeAt is a good exchange with a device whose clock is an hour ahead.
func exchangeAt(t1 clock.SessionTime) clock.Exchange {
	dev := func(d time.Duration) clock.DeviceTime { return clock.DeviceTime(t1.Add(time.Hour + d)) }
	return clock.Exchange{T1: t1, T2: dev(100_003), T3: dev(120_001), T4: t1.Add(220_007)}
}

// TestReplayStreams: each row is there before the next exchange is.
func TestReplayStreams(t *testing.T) {
	cmd := downbeat(t, "replay")
	stdin, err := cmd.StdinPipe()
	check(t, err)
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	out := bufio.NewReader(stdout)
	next := func() string {
		line, err := out.ReadString('\n')
		check(t, err)
		return line
	}
	if h := next(); h != "offset_ns,skew,bound_ns,hard_ns\n" {
		t.Errorf("the header is %q", h)
	}
	_, err = io.WriteString(stdin, trace.Header+"\n")
	check(t, err)
	for i := range 5 {
		x := exchangeAt(sim.Start.Add(time.Duration(i) * time.Second))
		_, err = fmt.Fprintf(stdin, "%d,%d,%d,%d\n", x.T1, x.T2, x.T3, x.T4)
		check(t, err)
		if row := next(); !strings.HasPrefix(row, "36000000") && !strings.HasPrefix(row, "35999999") {
			t.Errorf("row %d: %q", i, row)
		}
	}
	check(t, stdin.Close())
	check(t, cmd.Wait())
}

// TestReplayErrors: they name the line, after the rows before it.
func TestReplayErrors(t *testing.T) {
	x := exchangeAt(sim.Start)
	row := fmt.Sprintf("%d,%d,%d,%d\n", x.T1, x.T2, x.T3, x.T4)
	for name, c := range map[string]struct {
		in, says string
		args     []string
		rows     int
		code     int // 1 where there is none
	}{
		"empty":          {says: "downbeat: replay standard input: line 1: empty"},
		"no header":      {in: row, says: "line 1: "},
		"a bad row":      {in: trace.Header + "\n" + row + row + "1,2,3\n" + row, says: "line 4: 3 columns, not 4", rows: 2},
		"no such file":   {args: []string{"/nonexistent.csv"}, says: "/nonexistent.csv", rows: -1, code: 2},
		"bad resolution": {args: []string{"--resolution=-1ms"}, says: "--resolution -1ms", rows: -1, code: 2},
		"unknown flag":   {args: []string{"--no-such-flag"}, says: "unknown flag", rows: -1, code: 2},
	} {
		out, errs, code := finish(t, c.in, append([]string{"replay"}, c.args...)...)
		if code != cmp.Or(c.code, 1) || !strings.Contains(errs, c.says) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: code %d, says %q", name, code, errs)
		}
		if lines := strings.Count(out, "\n"); lines != c.rows+1 {
			t.Errorf("%s: %d lines: %q", name, lines, out)
		}
	}
}
