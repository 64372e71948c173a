package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"text/tabwriter"

	"github.com/downbeat-sync/downbeat/server"
)

// Demo runs a server and simulated devices on this machine, and prints true errors, bounds and spreads.
// Its errors name what is wrong as the flags of `downbeat demo` do.
type Demo struct {
	Devices  int    // 1 to 200
	Commands int    // to run, 0 to 1000
	Seed     uint64 // of the simulated clocks
	JSON     bool   // print the result as JSON, else as tables
}

// Check says what is wrong with the settings, if anything is.
func (d *Demo) Check() error {
	if d.Devices < 1 || d.Devices > 200 || d.Commands < 0 || d.Commands > 1000 {
		return errors.New("--devices must be 1 to 200 and --commands 0 to 1000")
	}
	return nil
}

// Run runs it and writes the result to w. It fails if a bound was broken, too.
func (d *Demo) Run(ctx context.Context, w io.Writer, log *slog.Logger) error {
	rig, err := NewRig(ctx, server.Config{Log: log}, nil)
	if err != nil {
		return err
	}
	result, err := rig.Demo(d.Devices, d.Commands, rand.New(rand.NewPCG(d.Seed, 0)))
	if err := errors.Join(err, rig.Close()); err != nil {
		return err
	}
	if d.JSON {
		err = json.NewEncoder(w).Encode(result)
	} else {
		err = result.print(w)
	}
	return errors.Join(err, result.broken())
}

// DemoResult is what a demo comes to; all errors are true ones.
type DemoResult struct {
	Devices  []DeviceResult  `json:"devices"`
	Commands []CommandResult `json:"commands"`
	JoinMs   []float64       `json:"joinMs"` // WebSocket open → first pong over the data channel

	Readings, Outside, OutsideHard int `json:"-"` // readings of the clocks, and how many were outside the bounds
}

// DeviceResult is what a demo tells of a device.
type DeviceResult struct {
	ID           string  `json:"id"`
	OffsetMs     float64 `json:"offsetMs"`     // device − session, as estimated
	OffsetErrUs  float64 `json:"offsetErrUs"`  // at the end
	BoundUs      float64 `json:"boundUs"`      // at the end
	WorstErrUs   float64 `json:"worstErrUs"`   // of all readings
	SkewErrPpm   float64 `json:"skewErrPpm"`   // at the end
	ConvergedMs  float64 `json:"convergedMs"`  // joined → bound < 1 ms
	Readings     int     `json:"readings"`     // of the clock against the truth
	OutsideBound int     `json:"outsideBound"` // of them, outside the 99 % bound

	ErrsUs []float64 `json:"-"` // of all readings
}

// CommandResult is what a demo tells of a command.
type CommandResult struct {
	SpreadUs float64 `json:"spreadUs"` // true: latest act less earliest
	MaxErrUs float64 `json:"maxErrUs"` // true: the device furthest from the instant

	MissesUs []float64 `json:"-"` // of each device
}

func (r *DemoResult) print(w io.Writer) error {
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
		Quantile(errs, .5), Quantile(errs, .95), Quantile(spreads, .5), Quantile(spreads, .95), Quantile(r.JoinMs, .5), Quantile(r.JoinMs, .95))
	_, err := fmt.Fprintf(w, "%d readings of the clocks: %d outside the 99 %% bound, %d outside the hard bound\n", r.Readings, r.Outside, r.OutsideHard)
	return err
}
