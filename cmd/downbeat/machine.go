package main

import (
	_ "embed"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/alecthomas/kong"

	"github.com/downbeat-sync/downbeat/internal/shell"
)

// caCmd looks after the certificate authority of --tls local on this machine.
type caCmd struct {
	Show      caShowCmd      `cmd:"" help:"Print the certificate authority's certificate and fingerprint."`
	Install   caInstallCmd   `cmd:"" help:"Let this machine's browsers trust it."`
	Uninstall caUninstallCmd `cmd:"" help:"Undo that."`
}

type caFlags struct {
	Data string `required:"" placeholder:"DIR" type:"path" help:"Directory of the server, as in serve --data."`
}

type caShowCmd struct {
	caFlags `embed:""`
}

func (c *caShowCmd) Run(app *kong.Kong) error { return shell.Authority(c.caFlags).Show(app.Stdout) }

type caInstallCmd struct {
	caFlags `embed:""`
	Yes     bool `help:"Don't ask."`
}

func (c *caInstallCmd) Run(app *kong.Kong) error {
	return shell.Authority(c.caFlags).Install(app.Stdout, c.Yes)
}

type caUninstallCmd struct {
	caFlags `embed:""`
	Yes     bool `help:"Don't ask."`
}

func (c *caUninstallCmd) Run(app *kong.Kong) error {
	return shell.Authority(c.caFlags).Uninstall(app.Stdout, c.Yes)
}

type exportCmd struct {
	Manifest   string `arg:"" type:"path" help:"The manifest.json beside the recordings of a take."`
	OTIO       bool   `name:"otio" xor:"kind" required:"" help:"An OpenTimelineIO document for editors."`
	FFmpeg     bool   `name:"ffmpeg" xor:"kind" required:"" help:"A shell script that makes one film of the take, side by side in sync."`
	Downloaded bool   `help:"The files have the names by which the server hands them out, not those in its directory."`
}

func (c *exportCmd) Run(app *kong.Kong) error {
	return ofNames(shell.Export(*c).Run(app.Stdout))
}

// licenses is written by `make licenses`.
//
//go:embed licenses.txt
var licenses string

type licensesCmd struct{}

func (licensesCmd) Run(app *kong.Kong) error { return printLicenses(app.Stdout) }

func printLicenses(w io.Writer) error {
	_, err := fmt.Fprint(w, licenses)
	return err
}

type helpCmd struct {
	Command []string `arg:"" optional:"" help:"The command; none: all of them."`
}

// Run prints what --help prints of the command.
func (c *helpCmd) Run(app *kong.Kong) error {
	of, err := kong.Trace(app, c.Command)
	if err == nil {
		err = of.Error
	}
	if err != nil {
		return usageError(err)
	}
	return of.PrintUsage(false)
}

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

func (c *completionCmd) Run(app *kong.Kong) error { return shell.PrintCompletion(app.Stdout, c.Shell) }

// version is set by a release build (-ldflags "-X main.version=…"); else what the Go
// command noted down counts.
var version string

// thisBuild is what runs here.
func thisBuild() shell.Build {
	info, _ := debug.ReadBuildInfo()
	return shell.ReadBuild(version, info)
}

// versionFlag prints the version alone, for scripts.
type versionFlag bool

// BeforeReset is called by kong before anything else of the command line.
func (versionFlag) BeforeReset(app *kong.Kong) error {
	fmt.Fprintln(app.Stdout, thisBuild().Version)
	app.Exit(0)
	return nil
}

type versionCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (c *versionCmd) Run(app *kong.Kong) error {
	if c.JSON {
		return shell.PrintJSON(app.Stdout, thisBuild())
	}
	_, err := fmt.Fprintln(app.Stdout, thisBuild())
	return err
}

// logFlags say what is logged and how. They hold for every command.
type logFlags struct {
	LogLevel     string `enum:"error,warn,info,debug" default:"info" help:"What to log: error, warn, info or debug."`
	LogFormat    string `enum:"text,json" default:"text" help:"How to log, on standard error: text or json, one line each."`
	LogLibraries bool   `help:"Log what the WebRTC and store libraries say of themselves, too."`
	Verbose      bool   `short:"v" help:"As --log-level debug."`
}
