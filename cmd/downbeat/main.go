// Command downbeat serves sessions in which many devices act at one instant,
// and is a device, a demonstration and a set of tools for them.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the release build.
var version = "dev"

type cli struct {
	Serve    serveCmd    `cmd:"" help:"Run the server."`
	CA       caCmd       `cmd:"" name:"ca" help:"The certificate authority of serve --tls local, on this machine."`
	Device   deviceCmd   `cmd:"" help:"Join a session as a headless device."`
	Demo     demoCmd     `cmd:"" help:"A server and simulated devices on this machine: true errors, bounds and spreads."`
	Export   exportCmd   `cmd:"" help:"Print a take as a timeline for editors, or as a script that makes a film of it."`
	Replay   replayCmd   `cmd:"" help:"Print what the estimator makes of recorded exchanges."`
	Simulate simulateCmd `cmd:"" help:"Judge the estimator on simulated networks and clocks of which the truth is known."`
	Licenses licensesCmd `cmd:"" help:"Print the licences of this program and of all that it contains."`
	Accuracy accuracyCmd `cmd:"" hidden:"" help:"Print docs/accuracy.md."`

	Verbose bool             `short:"v" help:"Log more."`
	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	var c cli
	parser := kong.Must(&c,
		kong.Name("downbeat"),
		kong.Description("Devices that act at the same instant, and the proof."),
		kong.Vars{"version": version},
		kong.DefaultEnvars("DOWNBEAT"),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	parsed, err := parser.Parse(os.Args[1:])
	if err != nil {
		fail(fmt.Errorf("%w; downbeat --help and downbeat serve --help list what there is", err))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(logger(c.Verbose)); err != nil {
		stop()
		fail(err)
	}
}

// fail says in one line what went wrong.
func fail(err error) {
	fmt.Fprintln(os.Stderr, "downbeat:", err)
	os.Exit(1)
}

func logger(verbose bool) *slog.Logger {
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}
