package osc_test

import (
	"fmt"
	"log"

	"github.com/downbeat-sync/downbeat/acts/osc"
	"github.com/downbeat-sync/downbeat/clock"
)

// A cue that is to happen at an instant of session time.
func ExampleMessage_AppendBundle() {
	instant := clock.SessionTime(1_795_431_600_000_000_000)
	cue := osc.Message{Address: "/cue/go", Args: []any{int32(7), "dim"}}
	packet := cue.AppendBundle(nil, osc.TagOf(instant))

	messages, err := osc.Parse(packet)
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range messages {
		fmt.Println(m.Address, m.Args, m.At.Session() == instant)
	}
	// Output: /cue/go [7 dim] true
}
