package verify

import (
	"errors"
	"slices"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/atomicfile"
	"github.com/downbeat-sync/downbeat/takes"
)

// errNoManifest: files of several takes, or none that was placed and has a manifest.
var errNoManifest = errors.New("no aligned manifest: it takes files of one take that could be placed, with their manifest beside them")

// WriteAligned writes the manifest of the files' take with captures as the light tells them, in
// place of the times of those that could be placed.
func WriteAligned(name string, files []*File) error {
	var take *takes.Take
	for _, f := range files {
		if f.Error != "" || f.take == nil {
			continue
		}
		if take == nil {
			take = &f.take.take
		} else if take.TakeID != f.take.take.TakeID {
			return errNoManifest
		}
		for i := range take.Recordings {
			if r := &take.Recordings[i]; r.RecordingID == f.recording.RecordingID {
				if err := f.align(r); err != nil {
					return err
				}
			}
		}
	}
	if take == nil {
		return errNoManifest
	}
	order(take)
	b, err := take.Encode()
	if err != nil {
		return err
	}
	return atomicfile.Write(name, 0o644, b)
}

// align sets the times of a recording.
func (f *File) align(r *takes.Recording) error {
	start, err := clock.SessionFromMillis(f.First)
	if err != nil {
		return err
	}
	stop, err := clock.SessionFromMillis(f.Last)
	if err != nil {
		return err
	}
	length := f.Last - f.First
	r.StartTimestamp, r.StartBoundMs, r.StopTimestamp, r.StopBoundMs, r.DurationMs = &start, &f.FirstBound, &stop, &f.LastBound, &length
	return nil
}

// order sorts recordings by their first frames, and counts from the first of them.
func order(take *takes.Take) {
	slices.SortStableFunc(take.Recordings, func(a, b takes.Recording) int {
		switch {
		case a.StartTimestamp == nil || b.StartTimestamp == nil:
			if a.StartTimestamp != nil {
				return -1
			}
			if b.StartTimestamp != nil {
				return 1
			}
			return 0
		case *a.StartTimestamp < *b.StartTimestamp:
			return -1
		case *a.StartTimestamp > *b.StartTimestamp:
			return 1
		}
		return 0
	})
	first := take.Recordings[0]
	for i := range take.Recordings {
		r := &take.Recordings[i]
		if r.StartTimestamp == nil {
			continue
		}
		after := r.StartTimestamp.Millis() - first.StartTimestamp.Millis()
		r.AfterFirstMs = &after
		if i > 0 && r.StartBoundMs != nil && first.StartBoundMs != nil {
			bound := *r.StartBoundMs + *first.StartBoundMs
			r.AfterFirstBoundMs = &bound
		}
	}
}
