package shell

import (
	"errors"
	"fmt"
	"os"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/trace"
	"github.com/downbeat-sync/downbeat/peer"
)

// recorder writes the exchanges of the data channel to a file. Those of the
// WebSocket have an estimator of their own, and are left out. The nil recorder
// records nothing.
type recorder struct {
	file *os.File
	w    *trace.Writer
	rows int
	err  error
}

// newRecorder makes the file; nil without a name.
func newRecorder(name string) (*recorder, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("--record: %w", err)
	}
	r := &recorder{file: f, w: trace.NewWriter(f)}
	r.err = r.w.Flush() // the header
	return r, nil
}

// onExchange returns what a device is to call; nil if nothing is recorded.
func (r *recorder) onExchange() func(string, clock.Exchange) {
	if r == nil {
		return nil
	}
	return func(path string, x clock.Exchange) {
		if r.err != nil || path == string(peer.PathWebSocket) {
			return
		}
		r.rows++
		r.err = errors.Join(r.w.Write(x), r.w.Flush()) // whoever reads along wants whole rows
	}
}

// close ends the file, and says what went wrong with it.
func (r *recorder) close() error {
	if r == nil {
		return nil
	}
	err := errors.Join(r.err, r.file.Close())
	if err == nil && r.rows == 0 {
		err = errors.New("no exchange went over a data channel")
	}
	if err != nil {
		return fmt.Errorf("recording to %s: %w", r.file.Name(), err)
	}
	return nil
}
