package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/alecthomas/kong"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/verify"
)

type verifyCmd struct {
	Files    []string `arg:"" name:"file" type:"path" help:"Films of a screen that showed session time (docs/cameras.md). ffmpeg and ffprobe read them."`
	Near     float64  `help:"Session time within 14 hours of the films, in ms since 1970; 0: by the manifest beside a film, or by when it was written."`
	Emission float64  `default:"20" help:"How wrong the light itself may be, in ms, as its page says: 0 where films of one screen are only compared with each other."`
	Aligned  string   `placeholder:"FILE.json" type:"path" help:"Write the manifest beside the films with captures as the light tells them."`
	JSON     bool     `name:"json" help:"Print the result as JSON."`
}

// Run places the films; it fails if one of them can't be.
func (c *verifyCmd) Run(ctx context.Context, app *kong.Kong) error {
	near, err := clock.SessionFromMillis(c.Near)
	if err != nil {
		return usageError(fmt.Errorf("--near %v: it is no session time", c.Near))
	}
	if !(c.Emission >= 0) || math.IsInf(c.Emission, 0) {
		return usageError(fmt.Errorf("--emission %v: it must be 0 or more", c.Emission))
	}
	files, err := verify.Files(ctx, c.Files, verify.Options{Near: near, Emission: c.Emission})
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(app.Stdout)
		enc.SetIndent("", "  ")
		err = enc.Encode(files)
	} else {
		err = verify.Print(app.Stdout, files)
	}
	if err != nil {
		return err
	}
	if c.Aligned != "" {
		if err := verify.WriteAligned(c.Aligned, files); err != nil {
			return err
		}
	}
	for _, f := range files {
		if f.Error != "" {
			return errors.New("not all of the films could be placed")
		}
	}
	return nil
}
