package verify

import (
	"fmt"
	"io"

	"github.com/downbeat-sync/downbeat/clock"
)

// Print tells people of the files.
func Print(w io.Writer, files []*File) error {
	for _, f := range files {
		if err := f.print(w); err != nil {
			return err
		}
	}
	return nil
}

func (f *File) print(w io.Writer) error {
	if f.Error != "" {
		_, err := fmt.Fprintf(w, "%s: not placed: %s\n", f.File, f.Error)
		return err
	}
	first, err := clock.SessionFromMillis(f.First)
	if err != nil {
		return err
	}
	text, err := first.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s: first frame at session time %s ± %.2f ms, %.2f ms after the first file's\n", f.File, text, f.FirstBound, f.AfterFirst)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "  %d of %d frames read; exposure %.1f ms, first row to last %.1f ± %.1f ms, rate %+.0f ± %.0f ppm; which 29 hours: %s\n",
		f.Fit.Read, f.Fit.Frames, f.Fit.Exposure, f.Fit.Readout, f.Fit.ReadoutBound, (f.Fit.Rate-1)*1e6, f.Fit.RateBound*1e6, f.NearBy)
	if err == nil && f.Fit.Mirrored {
		_, err = fmt.Fprintln(w, "  the film is a mirror image")
	}
	if err == nil && f.Told != nil {
		_, err = fmt.Fprintf(w, "  the manifest's times are %.2f ms later than the light says (± %.2f ms); at its end %.2f ms\n", f.Told.StartLate, f.Told.Bound, f.Told.StopLate)
	}
	return err
}
