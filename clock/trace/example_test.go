package trace_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/downbeat-sync/downbeat/clock/trace"
)

// Exchanges are read one by one, for an estimator, say.
func Example() {
	r := trace.NewReader(strings.NewReader(`t1,t2,t3,t4
1795431600000000000,12345678900,12345698900,1795431600000520000
1795431601000000000,13345778900,13345798900,1795431601000720000
`))
	for {
		x, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			log.Fatal(err)
		}
		fmt.Println("round trip", x.Delay())
	}
	// Output:
	// round trip 500µs
	// round trip 700µs
}
