package takes

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
)

// maxRecordings bounds the recordings of a manifest, and maxMs the milliseconds of one of its
// lengths: 30 years.
const (
	maxRecordings = 100_000
	maxMs         = 1e12
)

// DecodeManifest reads the content of a manifest that Take.Encode has written, or somebody by hand: fields that it
// doesn't know are left out. It fails for another version, for a length that is out of
// range, and for the name of a file that isn't beside the manifest.
func DecodeManifest(b []byte) (Take, error) {
	var take Take
	if err := json.Unmarshal(b, &take); err != nil {
		return Take{}, fmt.Errorf("takes: manifest: %w", err)
	}
	if take.Version != ManifestVersion {
		return Take{}, fmt.Errorf("takes: the manifest is of version %d, which this program doesn't know", take.Version)
	}
	if len(take.Recordings) > maxRecordings {
		return Take{}, fmt.Errorf("takes: manifest: it has more than %d recordings", maxRecordings)
	}
	for i := range take.Recordings {
		if err := take.Recordings[i].check(); err != nil {
			return Take{}, fmt.Errorf("takes: manifest: recording %d: %w", i+1, err)
		}
	}
	return take, nil
}

func (r *Recording) check() error {
	for field, ms := range map[string]*float64{
		"startBoundMs": r.StartBoundMs, "stopBoundMs": r.StopBoundMs, "durationMs": r.DurationMs, "afterFirstMs": r.AfterFirstMs,
		"afterFirstBoundMs": r.AfterFirstBoundMs,
	} {
		if ms != nil && (*ms < -maxMs || *ms > maxMs) {
			return fmt.Errorf("%s is out of range", field)
		}
	}
	for field, name := range map[string]*string{"file": r.File, "downloadName": r.DownloadName} {
		if name != nil && (*name == "" || *name == "." || *name == ".." || path.Base(*name) != *name || strings.ContainsRune(*name, 0)) {
			return fmt.Errorf("%s isn't the name of a file beside the manifest", field)
		}
	}
	return nil
}
