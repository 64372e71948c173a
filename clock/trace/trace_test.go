package trace_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/trace"
)

// readAll returns the exchanges before the first error, which is nil at the end.
func readAll(r io.Reader) (all []clock.Exchange, err error) {
	for in := trace.NewReader(r); ; {
		x, err := in.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return all, err
		}
		all = append(all, x)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	want := []clock.Exchange{
		{T1: 1, T2: 2, T3: 3, T4: 4}, {T1: math.MaxInt64, T2: math.MinInt64, T3: -1, T4: 0}, {T1: 1795431600000000001},
	}
	var b bytes.Buffer
	w := trace.NewWriter(&b)
	for _, x := range want {
		if err := w.Write(x); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	got, err := readAll(iotest.OneByteReader(&b))
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("read %v, %v; written %v", got, err, want)
	}
}

func TestReader(t *testing.T) {
	one := []clock.Exchange{{T1: 1, T2: -2, T3: 3, T4: 4}}
	for name, c := range map[string]struct {
		in   string
		want []clock.Exchange
		err  string
	}{
		"usual":            {in: "t1,t2,t3,t4\n1,-2,3,4\n", want: one},
		"no end":           {in: "t1,t2,t3,t4\n1,-2,3,4", want: one},
		"CRLF":             {in: "t1,t2,t3,t4\r\n1,-2,3,4\r\n", want: one},
		"byte order mark":  {in: "\ufeffT1, T2, T3, T4\n 1, -2, 3, 4\n", want: one},
		"empty lines":      {in: "t1,t2,t3,t4\n\n1,-2,3,4\n\n", want: one},
		"header alone":     {in: "t1,t2,t3,t4\n"},
		"nothing":          {in: "", err: "line 1: empty: the header t1,t2,t3,t4 is missing"},
		"no header":        {in: "1,2,3,4\n", err: `line 1: "1,2,3,4": not the header t1,t2,t3,t4`},
		"another header":   {in: "t1,t2,t4,t3\n", err: `line 1: "t1,t2,t4,t3": not the header t1,t2,t3,t4`},
		"five headings":    {in: "t1,t2,t3,t4,t5\n", err: `line 1: "t1,t2,t3,t4,t5": not the header t1,t2,t3,t4`},
		"too few columns":  {in: "t1,t2,t3,t4\n1,-2,3,4\n1,2,3\n", want: one, err: "line 3: 3 columns, not 4"},
		"too many columns": {in: "t1,t2,t3,t4\n1,2,3,4,5\n", err: "line 2: 5 columns, not 4"},
		"no integer":       {in: "t1,t2,t3,t4\n1,2.5,3,4\n", err: `line 2: t2: "2.5" is not an integer`},
		"empty field":      {in: "t1,t2,t3,t4\n1,2,,4\n", err: `line 2: t3: "" is not an integer`},
		"too large":        {in: "t1,t2,t3,t4\n1,2,3,9223372036854775808\n", err: `line 2: t4: "9223372036854775808" is beyond 64 bits`},
		"too long":         {in: "t1,t2,t3,t4\n" + strings.Repeat("1", 5000), err: "line 2: longer than 4096 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readAll(strings.NewReader(c.in))
			if !slices.Equal(got, c.want) || (err != nil || c.err != "") && (err == nil || err.Error() != c.err) {
				t.Errorf("read %v, %v; want %v, %s", got, err, c.want, c.err)
			}
		})
	}
}

// An error stays, and one of the source is told as it is.
func TestErrorsStay(t *testing.T) {
	r := trace.NewReader(io.MultiReader(strings.NewReader(trace.Header+"\n"), iotest.ErrReader(io.ErrClosedPipe)))
	for range 2 {
		if _, err := r.Read(); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("got %v", err)
		}
	}
}

func TestReadingAllocatesNothing(t *testing.T) {
	in := trace.NewReader(strings.NewReader(trace.Header + "\n" + strings.Repeat("1795431600000000001,-2,3,1795431600000000001\n", 300)))
	if n := testing.AllocsPerRun(200, func() { _, _ = in.Read() }); n > 0 {
		t.Errorf("%v allocations per exchange", n)
	}
}

// FuzzReader: whatever is read is written and read again the same.
func FuzzReader(f *testing.F) {
	f.Add([]byte("t1,t2,t3,t4\n1,-2,3,4\n"))
	f.Add([]byte("\ufefft1,t2,t3,t4\r\n1,2,3,9223372036854775807"))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, _ := readAll(bytes.NewReader(in))
		var b bytes.Buffer
		w := trace.NewWriter(&b)
		for _, x := range got {
			if err := w.Write(x); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if again, err := readAll(&b); err != nil || !slices.Equal(got, again) {
			t.Errorf("%v became %v, %v", got, again, err)
		}
	})
}
