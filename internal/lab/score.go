package lab

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/sim"
)

// answersHeader is the first line of a file of answers.
const answersHeader = "seed,time_ns,offset_ns,bound_ns"

// answer is what another implementation believed from a time on.
type answer struct {
	at            clock.SessionTime
	offset, bound time.Duration
}

// answers are those of one run, in the order of their times.
type answers []answer

// Add takes nothing in: what was believed is known.
func (answers) Add(clock.Exchange) error { return nil }

// Offset returns the latest answer by then. Nobody states a hard bound.
func (a answers) Offset(at clock.SessionTime) (offset, bound, hard time.Duration) {
	i, found := slices.BinarySearchFunc(a, at, func(x answer, t clock.SessionTime) int { return cmp.Compare(x.at, t) })
	if !found {
		i--
	}
	if i < 0 {
		return 0, 0, 0 // score has seen to it that there is one
	}
	return a[i].offset, a[i].bound, 0
}

// readAnswers reads a file of answers: those of each seed, and whether they state bounds.
func readAnswers(r io.Reader) (bySeed map[uint64]answers, bounded bool, err error) {
	rows := csv.NewReader(r)
	rows.TrimLeadingSpace = true
	rows.ReuseRecord = true
	head, err := rows.Read()
	if err != nil || !strings.EqualFold(strings.TrimPrefix(strings.Join(head, ","), "\ufeff"), answersHeader) {
		return nil, false, fmt.Errorf("line 1: not the header %s", answersHeader)
	}
	bySeed = map[uint64]answers{}
	for first := true; ; first = false {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, false, err // which has the line
		}
		seed, a, states, err := parseAnswer(row)
		if err == nil && !first && states != bounded {
			err = errors.New("either each row has a bound, or none has")
		}
		if err != nil {
			line, _ := rows.FieldPos(0)
			return nil, false, fmt.Errorf("line %d: %w", line, err)
		}
		bounded = states
		bySeed[seed] = append(bySeed[seed], a)
	}
	for _, all := range bySeed {
		slices.SortStableFunc(all, func(x, y answer) int { return cmp.Compare(x.at, y.at) })
	}
	return bySeed, bounded, nil
}

func parseAnswer(row []string) (seed uint64, a answer, bounded bool, err error) {
	seed, err = strconv.ParseUint(row[0], 10, 64)
	var numbers [3]int64
	for i, field := range row[1:] {
		if i == 2 && field == "" {
			break
		}
		var bad error
		numbers[i], bad = strconv.ParseInt(field, 10, 64)
		err = errors.Join(err, bad)
	}
	if a = (answer{clock.SessionTime(numbers[0]), time.Duration(numbers[1]), time.Duration(numbers[2])}); a.bound < 0 {
		err = errors.Join(err, errors.New("the bound is negative"))
	}
	return seed, a, row[3] != "", err
}

// score judges what another implementation made of the traces of one profile as the estimator is judged on them,
// and writes both results to w.
func (c *Simulation) score(w io.Writer, p sim.Profile) error {
	f, err := os.Open(c.Answers)
	if err != nil {
		return err
	}
	defer f.Close()
	bySeed, bounded, err := readAnswers(f)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Answers, err)
	}
	for i := range uint64(c.Runs) {
		seed := c.Seed + i
		if all := bySeed[seed]; len(all) == 0 || all[0].at > sim.Start.Add(c.from()) {
			return fmt.Errorf("%s: of seed %d there is no answer by %d, %v after the start", c.Answers, seed, sim.Start.Add(c.from()), c.from())
		}
	}
	m := c.match(p, nil)
	m.Every = time.Second
	enter := m.Enter
	m.Enter = func(world *sim.World, seed uint64) (sim.Pinger, []sim.Filter) {
		pinger, filters := enter(world, seed)
		return pinger, append(filters, bySeed[seed])
	}
	v := sim.Judge(m)
	return c.printScores(w, []scored{
		{"downbeat", newSimulated(p.Name, v, 0), true, true}, {c.Answers, newSimulated(p.Name, v, 1), bounded, false},
	})
}

// scored is what a method came to, and which bounds it states.
type scored struct {
	Method string `json:"method"`
	simulated
	Bounded bool `json:"bounded"` // else boundP50Us and coverPct say nothing
	Hard    bool `json:"hard"`    // else hardMisses says nothing
}

func (c *Simulation) printScores(w io.Writer, rows []scored) error {
	if c.JSON {
		return json.NewEncoder(w).Encode(rows)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "method\tprofile\terror p50 µs\tp95 µs\tmax µs\tbound p50 µs\twidth\tcover %\tbeyond hard\tp95/oracle\t")
	for _, r := range rows {
		bounds, hard := "–\t–\t–", "–"
		if r.Bounded {
			bounds = fmt.Sprintf("%.1f\t%.2f\t%.2f", r.BoundP50Us, r.BoundP50Us/r.ErrP95Us, r.CoverPct)
		}
		if r.Hard {
			hard = strconv.Itoa(r.HardMisses)
		}
		fmt.Fprintf(t, "%s\t%s\t%.1f\t%.1f\t%.1f\t%s\t%s\t%.2f\t\n", r.Method, r.Profile, r.ErrP50Us, r.ErrP95Us, r.ErrMaxUs, bounds, hard, r.RatioOracle)
	}
	return t.Flush()
}
