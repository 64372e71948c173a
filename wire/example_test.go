package wire_test

import (
	"fmt"

	"github.com/downbeat-sync/downbeat/wire"
)

func Example() {
	q := wire.RequestOf(wire.StartRecording)
	fmt.Println(q.Name, "is answered by", q.Answer)
	fmt.Println(wire.CodeNotLeader, "is", wire.StatusOf(wire.CodeNotLeader), "over HTTP")
	// Output:
	// start_recording is answered by scheduled
	// not_leader is 403 over HTTP
}
