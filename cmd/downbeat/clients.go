package main

import (
	"context"
	"time"

	"github.com/alecthomas/kong"

	"github.com/downbeat-sync/downbeat/internal/shell"
)

// targetFlags say which server and which session a command is for, and as whom.
type targetFlags struct {
	URL     string `env:"DOWNBEAT_URL" default:"http://127.0.0.1:8080" help:"The server, such as https://192.168.1.20:8080, or one of its links with session and key, as the console has them. Several instances of one service: with commas between them; the next one is tried where one doesn't answer."`
	Session string `env:"DOWNBEAT_SESSION" placeholder:"NAME" help:"The session, where the link has none."`
	Key     string `env:"DOWNBEAT_KEY" help:"The admin key or a key of the session, where the link has none."`
	Token   string `env:"DOWNBEAT_TOKEN" help:"The creator's token, or a JSON Web Token where the server wants one."`
	CA      string `name:"ca" env:"DOWNBEAT_CA" type:"path" placeholder:"FILE" help:"Certificate of the authority that the server is trusted by, PEM; default: the system's."`
}

// address is what the flags come to.
func (f targetFlags) address() shell.Address { return shell.Address(f) }

type sessionsCmd struct {
	targetFlags `embed:""`
	JSON        bool `name:"json" help:"Print JSON."`
}

func (c *sessionsCmd) Run(ctx context.Context, app *kong.Kong) error {
	return shell.Sessions(ctx, c.address(), app.Stdout, c.JSON)
}

type statusCmd struct {
	targetFlags `embed:""`
	JSON        bool `name:"json" help:"Print JSON."`
}

func (c *statusCmd) Run(ctx context.Context, app *kong.Kong) error {
	return shell.Status(ctx, c.address(), app.Stdout, c.JSON)
}

type flashFlags struct {
	Name    string        `default:"flash" help:"The command: flash, pulse (a silent test), or one of the application's own."`
	Payload string        `placeholder:"JSON" help:"What the command carries."`
	Delay   time.Duration `help:"Least time to the instant."`
	Wait    time.Duration `default:"5s" help:"How long after the delay devices may take to report."`
	JSON    bool          `name:"json" help:"Print JSON."`
}

type flashCmd struct {
	targetFlags `embed:""`
	flashFlags  `embed:""`
}

func (c *flashCmd) Run(ctx context.Context, app *kong.Kong) error {
	return shell.Flash(c.flashFlags).Run(ctx, c.address(), app.Stdout)
}

type recordFlags struct {
	Duration time.Duration `help:"How long; 0: until downbeat stop, or the console's."`
	Label    string        `help:"Label of the take."`
	Delay    time.Duration `help:"Least time to the start."`
	Uploads  bool          `help:"Wait until the files are uploaded, too."`
	Wait     time.Duration `default:"5s" help:"How long after the start devices may take to report."`
	JSON     bool          `name:"json" help:"Print JSON."`
}

type recordCmd struct {
	targetFlags `embed:""`
	recordFlags `embed:""`
}

func (c *recordCmd) Run(ctx context.Context, app *kong.Kong) error {
	return shell.Record(c.recordFlags).Run(ctx, c.address(), app.Stdout)
}

type stopFlags struct {
	Wait time.Duration `default:"5s" help:"How long devices may take to report."`
	JSON bool          `name:"json" help:"Print JSON."`
}

type stopCmd struct {
	targetFlags `embed:""`
	stopFlags   `embed:""`
}

func (c *stopCmd) Run(ctx context.Context, app *kong.Kong) error {
	return shell.Stop(c.stopFlags).Run(ctx, c.address(), app.Stdout)
}
