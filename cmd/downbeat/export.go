package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/downbeat-sync/downbeat/takes"
)

type exportCmd struct {
	Manifest string `arg:"" type:"path" help:"The manifest.json beside the recordings of a take."`

	OTIO       bool `name:"otio" xor:"kind" required:"" help:"An OpenTimelineIO document for editors."`
	FFmpeg     bool `name:"ffmpeg" xor:"kind" required:"" help:"A shell script that makes one film of the take, side by side in sync."`
	Downloaded bool `help:"The files have the names by which the server hands them out, not those in its directory."`
}

// Run writes what is exported to the standard output: it belongs beside the files.
func (c *exportCmd) Run() error { return c.write(os.Stdout) }

func (c *exportCmd) write(w io.Writer) error {
	b, err := os.ReadFile(c.Manifest)
	if err != nil {
		return err
	}
	take, err := takes.DecodeManifest(b)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Manifest, err)
	}
	to, names := takes.Timeline, takes.Names(takes.Kept)
	if c.FFmpeg {
		to = takes.Script
	}
	if c.Downloaded {
		names = takes.Downloaded
	}
	out, err := to(take, names)
	if errors.Is(err, takes.ErrNothing) {
		return fmt.Errorf("%s: no recording has its times and a file", c.Manifest)
	}
	if err == nil {
		_, err = w.Write(out)
	}
	return err
}
