package lab

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/trace"
)

// writeFile makes a file of what put writes.
func writeFile(name string, put func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(f)
	return errors.Join(put(b), b.Flush(), f.Close())
}

func writeTrace(to io.Writer, exchanges iter.Seq[clock.Exchange]) error {
	w := trace.NewWriter(to)
	for x := range exchanges {
		if err := w.Write(x); err != nil {
			return err
		}
	}
	return w.Flush()
}

// writeTruth writes the true offset and skew at the T4 of each exchange.
func writeTruth(to io.Writer, w *watcher) error {
	_, err := fmt.Fprintln(to, "offset_ns,skew")
	for _, x := range w.exchanges {
		if err == nil {
			_, err = fmt.Fprintf(to, "%d,%g\n", int64(w.world.Offset(x.T4)), w.world.Skew(x.T4))
		}
	}
	return err
}
