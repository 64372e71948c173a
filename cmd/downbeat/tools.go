package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/downbeat-sync/downbeat/clock/sim"
	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/internal/shell"
)

// demoCmd has the fields of a lab.Demo.
type demoCmd struct {
	Devices  int    `default:"8" help:"Simulated devices, 1 to 200."`
	Commands int    `default:"20" help:"Commands to run, 0 to 1000."`
	Seed     uint64 `default:"1" help:"Seed of the simulated clocks."`
	JSON     bool   `name:"json" help:"Print the result as JSON."`
}

func (c *demoCmd) Run(ctx context.Context, app *kong.Kong, log *slog.Logger) error {
	d := lab.Demo(*c)
	if err := d.Check(); err != nil {
		return usageError(err)
	}
	return d.Run(ctx, app.Stdout, shell.Warnings(log))
}

// simulateCmd has the fields of a lab.Simulation.
type simulateCmd struct {
	Profile  string        `default:"all" help:"Network and clock to simulate; all: each of them."`
	Seed     uint64        `default:"1" help:"Seed of all that is random."`
	Runs     int           `default:"1" help:"Runs, 1 to 1000, with the seed and those after it."`
	Duration time.Duration `default:"5m" help:"Simulated time of each run, 1s to 168h."`
	Schedule string        `default:"own" enum:"own,each-second" help:"When pings leave: own, as the estimator wants them, or each-second, after a burst of 12."`
	JSON     bool          `name:"json" help:"Print the result as JSON."`
	Plot     string        `placeholder:"FILE.svg" help:"Draw error and bound over time (one profile, one run)."`
	Trace    string        `placeholder:"FILE.csv" help:"Write the exchanges for replay (one profile, one run)."`
	Truth    string        `placeholder:"FILE.csv" help:"Write the true offset and skew at the T4 of each row of the trace."`
	Answers  string        `name:"score" placeholder:"ANSWERS.csv" help:"Judge what another implementation made of the traces of one profile, beside the estimator."`
}

// Run judges the estimator on the profiles.
func (c *simulateCmd) Run(ctx context.Context, app *kong.Kong, log *slog.Logger) error {
	s := lab.Simulation(*c)
	if err := s.Check(); err != nil {
		return usageError(err)
	}
	if err := dieOfSignals(ctx); err != nil {
		return err
	}
	return ofNames(s.Run(app.Stdout, log))
}

type replayCmd struct {
	File       string        `arg:"" optional:"" default:"-" help:"CSV of exchanges with the header t1,t2,t3,t4, all in ns; -: standard input."`
	Resolution time.Duration `help:"Resolution of the device's clock; 0: found from the stamps."`
}

// Run prints the belief after each exchange of a file.
func (c *replayCmd) Run(ctx context.Context, app *kong.Kong) error {
	if c.Resolution < 0 {
		return usageError(fmt.Errorf("--resolution %v: it must not be negative", c.Resolution))
	}
	if err := dieOfSignals(ctx); err != nil {
		return err
	}
	in, name := os.Stdin, "standard input"
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return ofNames(err)
		}
		defer f.Close()
		in, name = f, c.File
	}
	if err := lab.Replay(in, app.Stdout, c.Resolution); err != nil {
		return fmt.Errorf("replay %s: %w", name, err)
	}
	return nil
}

type accuracyCmd struct{}

// Run prints docs/accuracy.md.
func (c *accuracyCmd) Run(ctx context.Context, app *kong.Kong) error {
	if err := dieOfSignals(ctx); err != nil {
		return err
	}
	return lab.WriteAccuracy(app.Stdout, sim.Profiles())
}

// dieOfSignals lets Ctrl-C end the process at once, though it computes or waits
// for input: for commands that have nothing to put away. It fails if one came already.
func dieOfSignals(ctx context.Context) error {
	signal.Reset(os.Interrupt, syscall.SIGTERM)
	return ctx.Err()
}
