package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

// version is set by a release build (-ldflags "-X main.version=…"); else what the Go
// command noted down counts.
var version string

// buildOf says what the program was built from.
type buildOf struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"` // of the sources
	Time     string `json:"time,omitempty"`     // of that revision, RFC 3339
	Modified bool   `json:"modified"`           // the sources had uncommitted changes
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// thisBuild is what runs here.
func thisBuild() buildOf {
	info, _ := debug.ReadBuildInfo()
	return readBuild(version, info)
}

// readBuild puts together what is known of a build; info may be nil.
func readBuild(set string, info *debug.BuildInfo) buildOf {
	b := buildOf{Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info == nil {
		info = &debug.BuildInfo{}
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	module := info.Main.Version
	if module == "(devel)" {
		module = ""
	}
	b.Version = cmp.Or(set, module, "dev")
	return b
}

// String is the build in one line.
func (b buildOf) String() string {
	s := "downbeat " + b.Version
	if b.Revision != "" {
		s += fmt.Sprintf(", revision %.12s of %s", b.Revision, b.Time)
		if b.Modified {
			s += ", modified"
		}
	}
	return s + ", " + b.Go + ", " + b.Platform
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

func (c *versionCmd) Run(app *kong.Kong) error { return c.print(app.Stdout, thisBuild()) }

func (c *versionCmd) print(w io.Writer, b buildOf) error {
	if c.JSON {
		return printJSON(w, b)
	}
	_, err := fmt.Fprintln(w, b)
	return err
}

// printJSON writes v as people and programs read it.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
