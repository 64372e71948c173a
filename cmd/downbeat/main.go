// Command downbeat serves sessions in which many devices act at one instant,
// and is a device, a client, a demonstration and a set of tools for them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/downbeat-sync/downbeat/internal/shell"
)

type cli struct {
	Serve      serveCmd      `cmd:"" help:"Run the server."`
	CA         caCmd         `cmd:"" name:"ca" help:"The certificate authority of serve --tls local, on this machine."`
	Device     deviceCmd     `cmd:"" help:"Join a session as a headless device."`
	Sessions   sessionsCmd   `cmd:"" help:"List the sessions of a server."`
	Status     statusCmd     `cmd:"" help:"Print how a server is, or a session and the clocks of its devices."`
	Flash      flashCmd      `cmd:"" help:"Have the devices of a session act at one instant, and print how exactly they did."`
	Record     recordCmd     `cmd:"" help:"Have the cameras of a session record."`
	Stop       stopCmd       `cmd:"" help:"End the take of a session."`
	Demo       demoCmd       `cmd:"" help:"A server and simulated devices on this machine: true errors, bounds and spreads."`
	Export     exportCmd     `cmd:"" help:"Print a take as a timeline for editors, or as a script that makes a film of it."`
	Verify     verifyCmd     `cmd:"" help:"Place films on session time by the light that they show, and hold their manifest against it."`
	Replay     replayCmd     `cmd:"" help:"Print what the estimator makes of recorded exchanges."`
	Simulate   simulateCmd   `cmd:"" help:"Judge the estimator on simulated networks and clocks of which the truth is known."`
	Licenses   licensesCmd   `cmd:"" help:"Print the licences of this program and of all that it contains."`
	Accuracy   accuracyCmd   `cmd:"" hidden:"" help:"Print docs/accuracy.md."`
	Help       helpCmd       `cmd:"" help:"Print the help of a command."`
	Version    versionCmd    `cmd:"" help:"Print the version, and what it was built from."`
	Completion completionCmd `cmd:"" help:"Print a script that completes commands and flags in a shell."`

	logFlags     `embed:""`
	PrintVersion versionFlag `name:"version" help:"Print the version."`
}

func main() { os.Exit(command(os.Args[1:])) }

// Exit statuses. What was asked for may have been wrong, or may have failed.
const (
	exitFailed = 1
	exitUsage  = 2
)

// usageError marks a mistake in the flags, arguments or environment variables.
var usageError = shell.Usage

// command carries a command line out and returns the exit status.
func command(args []string) int {
	var c cli
	parser := newParser(&c)
	shell.Complete(parser)
	parsed, err := parser.Parse(args)
	if err != nil {
		return failed(usageError(fmt.Errorf("%w; downbeat help lists what there is", err)))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the same signal again ends the process at once
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(shell.Log(c.logFlags).New(os.Stderr)); err != nil {
		return failed(err)
	}
	return 0
}

func newParser(c *cli) *kong.Kong {
	return kong.Must(c,
		kong.Name("downbeat"),
		kong.Description("Devices that act at the same instant, and the proof."),
		kong.PostBuild(shell.TakeEnvironment),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
}

// ofNames marks an error of opening a file whose name was given as a flag or an argument.
func ofNames(err error) error {
	if wrong, ok := errors.AsType[*fs.PathError](err); ok && wrong.Op == "open" {
		return usageError(err)
	}
	return err
}

// failed says in one line what went wrong, and returns the exit status for it.
func failed(err error) int {
	fmt.Fprintln(os.Stderr, "downbeat:", err)
	if errors.As(err, new(shell.UsageError)) {
		return exitUsage
	}
	return exitFailed
}
