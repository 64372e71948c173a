package lab

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
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
	var out, rows bytes.Buffer
	check(t, (&Simulation{
		Profile: "intercontinental", Seed: 3, Runs: 1, Duration: 2 * time.Minute, Schedule: "own", JSON: true,
		Trace: at("trace.csv"), Truth: at("truth.csv"), Plot: at("plot.svg"),
	}).Run(&out, slog.New(slog.DiscardHandler)))
	var results []simulated
	check(t, json.Unmarshal(out.Bytes(), &results))
	if len(results) != 1 || results[0].Readings == 0 || results[0].HardMisses > 0 || results[0].PerMinute == 0 {
		t.Errorf("the result is %+v", results)
	}
	recorded, err := os.Open(at("trace.csv"))
	check(t, err)
	defer recorded.Close()
	check(t, Replay(recorded, &rows, 0))
	truth, err := os.ReadFile(at("truth.csv"))
	check(t, err)
	truths := strings.Split(strings.TrimSuffix(string(truth), "\n"), "\n")[1:]
	got := readRows(t, rows.String())
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
	check(t, WriteAccuracy(&one, profiles))
	check(t, WriteAccuracy(&again, profiles))
	if one.String() != again.String() {
		t.Error("it differs from one time to the next")
	}
	for _, name := range []string{"own schedule", "each second", "min-rtt-8", "min-rtt-60", "median-100", "regression", "kalman"} {
		if n := strings.Count(one.String(), "\n| "+name+" |"); n != len(profiles) {
			t.Errorf("%d rows of %s", n, name)
		}
	}
}
