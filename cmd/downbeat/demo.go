package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"text/tabwriter"

	"github.com/downbeat-sync/downbeat/internal/lab"
)

type demoCmd struct {
	Devices  int    `default:"8" help:"Simulated devices, 1 to 200."`
	Commands int    `default:"20" help:"Commands to run, 0 to 1000."`
	Seed     uint64 `default:"1" help:"Seed of the simulated clocks."`
	JSON     bool   `name:"json" help:"Print the result as JSON."`
}

func (c *demoCmd) Run(ctx context.Context, log *slog.Logger) error {
	if c.Devices < 1 || c.Devices > 200 || c.Commands < 0 || c.Commands > 1000 {
		return usageError{errors.New("--devices must be 1 to 200 and --commands 0 to 1000")}
	}
	rig, err := newRig(ctx, warnings(log), nil)
	if err != nil {
		return err
	}
	result, err := rig.demo(c.Devices, c.Commands, rand.New(rand.NewPCG(c.Seed, 0)))
	if err := errors.Join(err, rig.close()); err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(os.Stdout).Encode(result)
	} else {
		err = result.print(os.Stdout)
	}
	return errors.Join(err, result.broken())
}

// demoResult is what the demo prints; all errors are true ones.
type demoResult struct {
	Devices  []demoDevice  `json:"devices"`
	Commands []demoCommand `json:"commands"`
	JoinMs   []float64     `json:"joinMs"` // WebSocket open → first pong over the data channel

	readings, outside, outsideHard int
}

type demoDevice struct {
	ID           string  `json:"id"`
	OffsetMs     float64 `json:"offsetMs"`     // device − session, as estimated
	OffsetErrUs  float64 `json:"offsetErrUs"`  // at the end
	BoundUs      float64 `json:"boundUs"`      // at the end
	WorstErrUs   float64 `json:"worstErrUs"`   // of all readings
	SkewErrPpm   float64 `json:"skewErrPpm"`   // at the end
	ConvergedMs  float64 `json:"convergedMs"`  // joined → bound < 1 ms
	Readings     int     `json:"readings"`     // of the clock against the truth
	OutsideBound int     `json:"outsideBound"` // of them, outside the 99 % bound

	errsUs []float64 // of all readings
}

type demoCommand struct {
	SpreadUs float64 `json:"spreadUs"` // true: latest act less earliest
	MaxErrUs float64 `json:"maxErrUs"` // true: the device furthest from the instant

	missesUs []float64 // of each device
}

func (r *demoResult) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "device\toffset ms\terror µs\tbound µs\tworst µs\tskew error ppm\tbound < 1 ms after\tjoin ms\t")
	for i, d := range r.Devices {
		fmt.Fprintf(t, "%d\t%.3f\t%+.1f\t%.1f\t%.1f\t%+.2f\t%.0f ms\t%.1f\t\n",
			i+1, d.OffsetMs, d.OffsetErrUs, d.BoundUs, d.WorstErrUs, d.SkewErrPpm, d.ConvergedMs, r.JoinMs[i])
	}
	fmt.Fprintln(t)
	fmt.Fprintln(t, "command\ttrue spread µs\tlargest true error µs\t")
	for i, c := range r.Commands {
		fmt.Fprintf(t, "%d\t%.1f\t%.1f\t\n", i+1, c.SpreadUs, c.MaxErrUs)
	}
	fmt.Fprintln(t)
	if err := t.Flush(); err != nil {
		return err
	}
	var errs, spreads []float64
	for _, d := range r.Devices {
		errs = append(errs, math.Abs(d.OffsetErrUs))
	}
	for _, c := range r.Commands {
		spreads = append(spreads, c.SpreadUs)
	}
	fmt.Fprintf(w, "clock error p50 %.1f µs, p95 %.1f µs; spread p50 %.1f µs, p95 %.1f µs; join p50 %.1f ms, p95 %.1f ms\n",
		lab.Quantile(errs, .5), lab.Quantile(errs, .95), lab.Quantile(spreads, .5), lab.Quantile(spreads, .95), lab.Quantile(r.JoinMs, .5), lab.Quantile(r.JoinMs, .95))
	_, err := fmt.Fprintf(w, "%d readings of the clocks: %d outside the 99 %% bound, %d outside the hard bound\n", r.readings, r.outside, r.outsideHard)
	return err
}
