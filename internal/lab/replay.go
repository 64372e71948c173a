package lab

import (
	"bufio"
	"errors"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/trace"
)

const replayHeader = "offset_ns,skew,bound_ns,hard_ns\n"

// Replay gives the exchanges of in, CSV as clock/trace has it, to an estimator, and writes to out what
// it believes after each at that one's T4, CSV too. Whatever is known is written before more input is
// waited for. A resolution of 0 is found from the stamps.
func Replay(in io.Reader, out io.Writer, resolution time.Duration) error {
	w := bufio.NewWriter(out)
	rows := trace.NewReader(flushing{in, w})
	r := newReplayer(resolution)
	_, err := w.WriteString(replayHeader)
	var line []byte
	for err == nil {
		var x clock.Exchange
		if x, err = rows.Read(); err == nil {
			line = r.add(x).append(line[:0])
			_, err = w.Write(line)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, w.Flush())
}

// flushing flushes w before it reads.
type flushing struct {
	io.Reader
	w *bufio.Writer
}

func (f flushing) Read(p []byte) (int, error) {
	if err := f.w.Flush(); err != nil {
		return 0, err
	}
	return f.Reader.Read(p)
}

// replayer is the estimator with the T4 of the last exchange that it used.
type replayer struct {
	est  *clock.Estimator
	last clock.SessionTime
}

func newReplayer(resolution time.Duration) *replayer {
	r := &replayer{est: clock.NewEstimator(clock.Config{})}
	r.est.SetResolution(resolution)
	return r
}

// replayed is the belief after one exchange.
type replayed struct {
	offset, bound, hard time.Duration
	skew                float64
}

// farthest is past all instants: no exchange with a later stamp is used, and what
// is added to an earlier one doesn't overflow.
const farthest = 1 << 62

// add returns the belief at the exchange's T4. If that is no instant at all, it is
// the belief at the last exchange that was used. While nothing is known the offset
// is 0, and the bounds are as large as can be.
func (r *replayer) add(x clock.Exchange) replayed {
	err := r.est.Add(x) // one that is rejected leaves the belief as it was
	at := r.last
	if x.T4 >= 0 && x.T4 < farthest {
		at = x.T4
	}
	if err == nil {
		r.last = at
	}
	e := r.est.Estimate(at)
	if !e.Map.Valid {
		return replayed{bound: math.MaxInt64, hard: math.MaxInt64}
	}
	return replayed{e.Offset, e.Bound, e.Hard, e.Skew}
}

func (r replayed) append(b []byte) []byte {
	b = append(strconv.AppendInt(b, int64(r.offset), 10), ',')
	b = append(strconv.AppendFloat(b, r.skew, 'g', -1, 64), ',')
	b = append(strconv.AppendInt(b, int64(r.bound), 10), ',')
	return append(strconv.AppendInt(b, int64(r.hard), 10), '\n')
}
