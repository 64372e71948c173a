package shell

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/downbeat-sync/downbeat/takes"
)

// Export makes other documents of a take.
type Export struct {
	Manifest   string // the manifest.json beside the recordings of a take
	OTIO       bool   // an OpenTimelineIO document for editors, or
	FFmpeg     bool   // a shell script that makes one film of the take
	Downloaded bool   // the files have the names by which the server hands them out, not those in its directory
}

// Run writes what is exported to w: it belongs beside the files.
func (c Export) Run(w io.Writer) error {
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
