package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock/sim"
)

// TestSimulateFiles: the trace is replayed as truly as the truth beside it says.
func TestSimulateFiles(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	out, errs, code := finish(t, "", "simulate", "--profile=intercontinental", "--seed=3", "--duration=2m", "--json",
		"--trace="+at("trace.csv"), "--truth="+at("truth.csv"), "--plot="+at("plot.svg"))
	if code != 0 {
		t.Fatal(errs)
	}
	var results []simulated
	check(t, json.Unmarshal([]byte(out), &results))
	if len(results) != 1 || results[0].Readings == 0 || results[0].HardMisses > 0 || results[0].PerMinute == 0 {
		t.Errorf("the result is %+v", results)
	}
	rows, _, code := finish(t, "", "replay", at("trace.csv"))
	if code != 0 {
		t.Fatalf("replay ends with %d", code)
	}
	truth, err := os.ReadFile(at("truth.csv"))
	check(t, err)
	truths := strings.Split(strings.TrimSuffix(string(truth), "\n"), "\n")[1:]
	got := readRows(t, rows)
	if len(got) != len(truths) || len(got) < 20 {
		t.Fatalf("%d rows, %d truths", len(got), len(truths))
	}
	for i, r := range got {
		offset, _, _ := strings.Cut(truths[i], ",")
		true, err := time.ParseDuration(offset + "ns")
		check(t, err)
		if e := (r.offset - true).Abs(); e > r.hard+1 {
			t.Errorf("row %d is off by %v: %+v", i, e, r)
		}
	}
	picture, err := os.Open(at("plot.svg"))
	check(t, err)
	defer picture.Close()
	for d := xml.NewDecoder(picture); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the picture: %v", err)
		}
	}
}

func TestSimulateSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		says string
		code int
	}{
		"no such profile":    {[]string{"--profile=lan"}, "--profile lan: there is none of that name; there are all, wired, loopback,", 2},
		"no such schedule":   {[]string{"--schedule=never"}, "--schedule", 2},
		"no time":            {[]string{"--duration=0s"}, "--duration 1s to 168h", 2},
		"a file of all":      {[]string{"--trace=x.csv"}, "one --profile and one run", 2},
		"a file of two runs": {[]string{"--profile=lte", "--runs=2", "--plot=x.svg"}, "one --profile and one run", 2},
		"no such folder":     {[]string{"--profile=lte", "--plot=/nonexistent/x.svg"}, "/nonexistent/x.svg", 1},
	} {
		out, errs, code := finish(t, "", append([]string{"simulate"}, c.args...)...)
		if code != c.code || out != "" || !strings.Contains(errs, c.says) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: code %d, says %q and %q", name, code, out, errs)
		}
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

// TestPlotOfLittle: no reading, one, and none that is worth a scale.
func TestPlotOfLittle(t *testing.T) {
	for _, points := range [][]plotPoint{nil, {{at: 1}}, {{0, 5, 1e12}, {1, -1e12, 1e12}}} {
		var b bytes.Buffer
		check(t, writePlot(&b, "title", points, 0))
		if s := b.String(); strings.Contains(s, "NaN") || strings.Contains(s, "Inf") || strings.Contains(s, "%!") {
			t.Errorf("%v: %s", points, s)
		}
	}
}

// TestAccuracyIsOfEveryMethod: a part of the document, the same each time.
func TestAccuracyIsOfEveryMethod(t *testing.T) {
	var one, again strings.Builder
	profiles := sim.Profiles()[:2]
	check(t, writeAccuracy(&one, profiles))
	check(t, writeAccuracy(&again, profiles))
	if one.String() != again.String() {
		t.Error("it differs from one time to the next")
	}
	for _, name := range []string{"own schedule", "each second", "min-rtt-8", "min-rtt-60", "median-100", "regression", "kalman"} {
		if n := strings.Count(one.String(), "\n| "+name+" |"); n != len(profiles) {
			t.Errorf("%d rows of %s", n, name)
		}
	}
}
