package takes

import (
	"errors"
	"path"
)

// ErrNothing says that no recording of a take has its times and a file.
var ErrNothing = errors.New("takes: no recording of the take has its times and a file")

// Names tells what the file of a recording is called beside what is exported.
type Names func(Recording) string

// Kept are the names beside the manifest in the server's directory.
func Kept(r Recording) string { return *r.File }

// Downloaded are the names that the server hands files out by.
func Downloaded(r Recording) string {
	if r.DownloadName == nil { // a manifest of before there were such names
		return *r.File
	}
	return *r.DownloadName
}

// base keeps the last part of a name: what is exported lies beside the files.
func (n Names) base(r Recording) string { return path.Base(n(r)) }

// split returns the recordings that have what it takes to be laid on a
// timeline, and the others.
func split(take Take) (placed, others []Recording) {
	for _, r := range take.Recordings {
		if why(r) == "" {
			placed = append(placed, r)
		} else {
			others = append(others, r)
		}
	}
	return placed, others
}

// why says what a recording lacks, empty for nothing.
func why(r Recording) string {
	switch {
	case r.File == nil:
		return "no file"
	case r.StartTimestamp == nil || r.StopTimestamp == nil || r.DurationMs == nil || r.AfterFirstMs == nil:
		return "no times"
	}
	return ""
}
