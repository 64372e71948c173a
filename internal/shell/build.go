package shell

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// Build says what the program was built from.
type Build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"` // of the sources
	Time     string `json:"time,omitempty"`     // of that revision, RFC 3339
	Modified bool   `json:"modified"`           // the sources had uncommitted changes
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// ReadBuild puts together what is known of a build: the version that it was told, or what the Go command noted
// down, which may be nil.
func ReadBuild(set string, info *debug.BuildInfo) Build {
	b := Build{Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
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
func (b Build) String() string {
	s := "downbeat " + b.Version
	if b.Revision != "" {
		s += fmt.Sprintf(", revision %.12s of %s", b.Revision, b.Time)
		if b.Modified {
			s += ", modified"
		}
	}
	return s + ", " + b.Go + ", " + b.Platform
}

// PrintJSON writes v as people and programs read it.
func PrintJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
