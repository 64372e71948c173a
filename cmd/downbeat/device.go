package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"github.com/downbeat-sync/downbeat/acts/exec"
	"github.com/downbeat-sync/downbeat/acts/mpv"
	"github.com/downbeat-sync/downbeat/acts/obs"
	"github.com/downbeat-sync/downbeat/acts/osc"
	"github.com/downbeat-sync/downbeat/internal/chronysock"
	"github.com/downbeat-sync/downbeat/internal/shell"
)

type deviceFlags struct {
	Create bool   `help:"Create the session if there is none."`
	Name   string `help:"Name of the device's user."`
	View   string `help:"Label of the device's place: front, side, …"`
	TCP    bool   `help:"Use no UDP."`
	Record string `placeholder:"FILE.csv" help:"Write the exchanges over the data channel for replay."`

	ChronySock string `xor:"act" placeholder:"PATH" help:"Feed session time to chronyd by its SOCK driver, at this socket, which chronyd makes."`

	MPV string `name:"mpv" xor:"act" placeholder:"SOCKET" help:"Have the mpv that was started with --input-ipc-server=SOCKET play the session's media on its timeline."`

	OBS         string `name:"obs" xor:"act" placeholder:"ws://HOST:PORT" help:"Have an OBS Studio start and stop its recording with takes, by obs-websocket 5."`
	OBSPassword string `name:"obs-password" env:"DOWNBEAT_OBS_PASSWORD" help:"Its password, if it asks for one."`

	execFlags `embed:"" group:"A command that runs at the instant"`
	oscFlags  `embed:"" group:"Open Sound Control"`
}

type deviceCmd struct {
	targetFlags `embed:""`
	deviceFlags `embed:""`
}

func (c *deviceCmd) Run(ctx context.Context, app *kong.Kong, log *slog.Logger) error {
	programs, err := c.programs(log)
	if err != nil {
		return usageError(err)
	}
	d := shell.Device{Create: c.Create, Name: c.Name, View: c.View, TCP: c.TCP, Record: c.Record, Programs: programs}
	return ofNames(d.Run(ctx, c.address(), app.Stdout, log))
}

// execFlags are those of package acts/exec.
type execFlags struct {
	Exec      string        `placeholder:"CMD" xor:"act" help:"Run a command of the shell at the instant of takes and commands. What it writes to {out}, or to its standard output, is the recording of a take."`
	ExecWaits bool          `help:"Start it ahead of the instant: it waits itself for a line on its standard input."`
	ExecOn    []string      `placeholder:"NAME,…" help:"Run it for these alone: names of commands, and take. Default: takes, and all commands but pulse."`
	ExecLimit time.Duration `default:"1m" help:"How long it may run for a command."`
	ExecGrace time.Duration `default:"10s" help:"How long it may take to end after SIGINT."`
	ExecDir   string        `type:"path" placeholder:"DIR" help:"Where recordings are until they are uploaded. Default: the directory for temporary files."`
}

// oscFlags are those of package acts/osc.
type oscFlags struct {
	OSC       string `name:"osc" placeholder:"udp://HOST:PORT" xor:"act" help:"Tell acts by OSC: ahead in a bundle whose time tag is the instant, and at the instant."`
	OSCListen string `name:"osc-listen" placeholder:"ADDR" help:"Take OSC messages in at this UDP address that start commands, if this device leads: 127.0.0.1:9000 for this machine's alone, :9000 for anybody's."`
}

// programs are those that the flags ask for.
func (c *deviceCmd) programs(log *slog.Logger) (list []shell.Program, err error) {
	if c.Exec != "" {
		p, err := exec.New(exec.Config{
			Command: c.Exec, Waits: c.ExecWaits, On: c.ExecOn, Limit: c.ExecLimit, Grace: c.ExecGrace, Dir: c.ExecDir,
			Stdout: os.Stdout, Stderr: os.Stderr, Log: log,
		})
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	if c.OSC != "" {
		p, err := osc.NewSender(c.OSC, log)
		if err != nil {
			return nil, fmt.Errorf("--osc: %w", err)
		}
		list = append(list, p)
	}
	if c.OSCListen != "" {
		p, err := osc.NewReceiver(c.OSCListen, log)
		if err != nil {
			return nil, fmt.Errorf("--osc-listen: %w", err)
		}
		list = append(list, p)
	}
	if c.MPV != "" {
		list = append(list, mpv.New(c.MPV, log))
	}
	if c.OBS != "" {
		p, err := obs.New(c.OBS, c.OBSPassword, log)
		if err != nil {
			return nil, fmt.Errorf("--obs: %w", err)
		}
		list = append(list, p)
	}
	if c.ChronySock != "" {
		p, err := chronysock.New(c.ChronySock, log)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}
