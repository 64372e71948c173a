package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/sim"
	"github.com/downbeat-sync/downbeat/clock/trace"
)

// TestScore: our own estimator, run on the written traces as another one would be, gets the score that it has.
func TestScore(t *testing.T) {
	dir, csv := t.TempDir(), answersHeader+"\n"
	s := Simulation{Profile: "wifi", Runs: 1, Duration: time.Minute, Schedule: "each-second"}
	for seed := range uint64(2) {
		s.Seed, s.Trace = seed, filepath.Join(dir, fmt.Sprint(seed))
		check(t, s.Run(&bytes.Buffer{}, slog.New(slog.DiscardHandler)))
		csv += answered(t, s.Trace, seed)
	}
	s.Seed, s.Runs, s.Trace, s.JSON, s.Answers = 0, 2, "", true, filepath.Join(dir, "answers")
	check(t, os.WriteFile(s.Answers, []byte(csv), 0o600))
	var out bytes.Buffer
	check(t, s.Run(&out, slog.New(slog.DiscardHandler)))
	var rows []scored
	check(t, json.Unmarshal(out.Bytes(), &rows))
	if len(rows) != 2 || rows[0].Readings != 100 || !rows[1].Bounded || rows[1].Hard {
		t.Fatalf("the score is %+v", rows)
	}
	ours, theirs := rows[0].simulated, rows[1].simulated
	theirs.HardMisses = 0
	if ours != theirs {
		t.Errorf("the same estimator has two scores: %+v and %+v", ours, theirs)
	}
	s.JSON = false
	check(t, os.WriteFile(s.Answers, []byte(answersHeader+"\n0,0,0,\n1,0,0,\n"), 0o600))
	out.Reset()
	check(t, s.Run(&out, slog.New(slog.DiscardHandler)))
	if last := strings.Fields(strings.Split(out.String(), "\n")[2]); last[1] != "wifi" || last[5] != "–" || last[8] != "–" {
		t.Errorf("one without bounds gets %s", out.String())
	}
}

// answered has our estimator answer a trace once a second.
func answered(t *testing.T, name string, seed uint64) string {
	t.Helper()
	f, err := os.Open(name)
	check(t, err)
	defer f.Close()
	e := sim.Real{Estimator: clock.NewEstimator(clock.Config{Seed: seed})}
	r := trace.NewReader(f)
	var csv strings.Builder
	x, err := r.Read()
	for at := sim.Start.Add(10 * time.Second); at < sim.Start.Add(time.Minute); at = at.Add(time.Second) {
		for ; err == nil && x.T4 <= at; x, err = r.Read() {
			_ = e.Add(x)
		}
		offset, bound, _ := e.Offset(at)
		fmt.Fprintf(&csv, "%d,%d,%d,%d\n", seed, at, offset, bound)
	}
	return csv.String()
}

// TestBadAnswers: what can't be judged is an error that says where.
func TestBadAnswers(t *testing.T) {
	s := Simulation{Profile: "wired", Runs: 1, Duration: time.Minute, Schedule: "own", Answers: filepath.Join(t.TempDir(), "answers")}
	for text, says := range map[string]string{
		"": "line 1: not the header", "t1,t2\n": "not the header", answersHeader + "\n": "of seed 0 there is no answer",
		answersHeader + "\n0,1795431600000000000000,0,0\n":                "line 2: ",
		answersHeader + "\n0,0,0,1\n0,1,0,\n":                             "line 3: either each row has a bound",
		answersHeader + "\n0,0,0,-1\n":                                    "line 2: the bound is negative",
		answersHeader + "\n0,0,0\n":                                       "line 2",
		answersHeader + "\n0,9000000000000000000,0,0\n1,0,0,0\n2,0,0,0\n": "of seed 0 there is no answer",
	} {
		check(t, os.WriteFile(s.Answers, []byte(text), 0o600))
		if err := s.Run(&bytes.Buffer{}, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %s", text, err, says)
		}
	}
	for _, wrong := range []Simulation{{Profile: "all", Answers: "a"}, {Profile: "wired", Answers: "a", Trace: "b"}} {
		wrong.Runs, wrong.Duration = 1, time.Minute
		if err := wrong.Check(); err == nil || !strings.Contains(err.Error(), "--score is for one --profile") {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
}
