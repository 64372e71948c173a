package verify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/light"
	"github.com/downbeat-sync/downbeat/takes"
)

// A File is what the light tells of one file. Times are session times in ms, bounds are of 99 %.
type File struct {
	File  string `json:"file"`
	Error string `json:"error,omitempty"` // why it can't be placed

	// A frame at t ms of the file was captured at Offset + Rate · (t − Middle).
	Fit *light.Fit `json:"fit,omitempty"`

	// First and Last are when the first and the last frame were captured.
	First         float64 `json:"firstFrame,omitempty"`
	FirstBound    float64 `json:"firstFrameBoundMs,omitempty"`
	Last          float64 `json:"lastFrame,omitempty"`
	LastBound     float64 `json:"lastFrameBoundMs,omitempty"`
	AfterFirst    float64 `json:"afterFirstMs"` // after the first frame of the file that began first
	NearBy        string  `json:"nearBy,omitempty"`
	Told          *Told   `json:"manifest,omitempty"`
	recording     *takes.Recording
	take          *manifest
	start, finish float64 // times within the file, ms
}

// Told is what the manifest says of a file, held against the light.
type Told struct {
	Manifest  string  `json:"file"`
	StartLate float64 `json:"startLateMs"` // by how much startTimestamp is later than the first frame's capture
	StopLate  float64 `json:"stopLateMs"`
	Bound     float64 `json:"boundMs"` // of StartLate: the light's
}

// Options say how files are placed.
type Options struct {
	Near     clock.SessionTime // 0: by the manifest beside the file, or by when it was written last
	Emission float64           // how wrong the light itself may be, ms
}

// errBadEmission is a bound that is none.
var errBadEmission = errors.New("the light's own bound must be 0 ms or more")

// Files places each file. What is wrong with one is told in it; the error is of what concerns all.
func Files(ctx context.Context, names []string, o Options) ([]*File, error) {
	if !(o.Emission >= 0) {
		return nil, errBadEmission
	}
	var all []*File
	for _, name := range names {
		f := &File{File: name}
		if err := f.place(ctx, o); err != nil {
			f.Error = err.Error()
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	first := 0.0
	for _, f := range all {
		if f.Error == "" && (first == 0 || f.First < first) {
			first = f.First
		}
	}
	for _, f := range all {
		if f.Error == "" {
			f.AfterFirst = f.First - first
		}
	}
	return all, nil
}

func (f *File) place(ctx context.Context, o Options) error {
	info, err := os.Stat(f.File)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it isn't a file")
	}
	if info.Size() == 0 {
		return errors.New("it is empty")
	}
	var film light.Film
	n := 0
	err = frames(ctx, f.File, func(ms float64, frame light.Frame) {
		if n == 0 {
			f.start = ms
		}
		f.finish = ms
		n++
		film.Add(ms, light.Read(frame))
	})
	if err != nil {
		return err
	}
	if f.take, f.recording, err = manifestOf(f.File); err != nil {
		return err
	}
	near := f.near(o, info.ModTime())
	fit := film.Fit(light.Known{Near: near, Emission: o.Emission})
	f.Fit = &fit
	if fit.Verdict != "" {
		if fit.Why != "" {
			return fmt.Errorf("%s (of most frames: %s)", fit.Verdict, fit.Why)
		}
		return errors.New(string(fit.Verdict))
	}
	f.First, f.FirstBound = fit.At(f.start)
	f.Last, f.LastBound = fit.At(f.finish)
	return f.compare()
}

// near is about when the file began, and says in NearBy who says so.
func (f *File) near(o Options, written time.Time) clock.SessionTime {
	switch {
	case o.Near != 0:
		f.NearBy = "told"
		return o.Near
	case f.recording != nil && f.recording.StartTimestamp != nil:
		f.NearBy = "manifest"
		return *f.recording.StartTimestamp
	}
	f.NearBy = "file written"
	return clock.SessionTime(written.UnixNano())
}

// compare holds the manifest against the light.
func (f *File) compare() error {
	r := f.recording
	if r == nil || r.StartTimestamp == nil {
		return nil
	}
	f.Told = &Told{Manifest: f.take.name, StartLate: r.StartTimestamp.Millis() - f.First, Bound: f.FirstBound}
	if abs := max(f.Told.StartLate, -f.Told.StartLate); abs > mostLate {
		return fmt.Errorf("%s (the manifest is %.0f s off)", light.NotThisTime, abs/1000)
	}
	if r.StopTimestamp != nil {
		f.Told.StopLate = r.StopTimestamp.Millis() - f.Last
	}
	return nil
}

// mostLate is by how much stamps of a take may be wrong, ms: more is no error of stamps.
const mostLate = 60_000

// A manifest is one that lies beside a file.
type manifest struct {
	name string
	take takes.Take
}

// manifestOf finds the manifest beside a file, and the file in it; neither if there is none.
func manifestOf(file string) (*manifest, *takes.Recording, error) {
	name := filepath.Join(filepath.Dir(file), takes.ManifestName)
	b, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, nil
	} else if err != nil {
		return nil, nil, err
	}
	take, err := takes.DecodeManifest(b)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	base := filepath.Base(file)
	for i := range take.Recordings {
		r := &take.Recordings[i]
		if r.File != nil && *r.File == base || r.DownloadName != nil && *r.DownloadName == base {
			return &manifest{name, take}, r, nil
		}
	}
	return nil, nil, nil
}
