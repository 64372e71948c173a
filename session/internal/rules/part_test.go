package rules

import (
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

func TestTooManyParts(t *testing.T) {
	b := studio(t)
	b.do(Start(b.State, CommandRecord{ID: "take", Event: wire.StartRecording}, When{Lead: time.Millisecond}, t0))
	now := after(time.Second)
	id := RecordingID("take", "d-bob")
	_, _, err := NextPart(b.State, "d-bob", id, t0)
	b.want(err, wire.CodeNotRecording)
	for range maxParts {
		p, changes, err := NextPart(b.State, "d-bob", id, now)
		b.do(changes, err)
		b.do(Failed(b.State, "d-bob", p.RecordingID))
	}
	_, _, err = NextPart(b.State, "d-bob", id, now)
	b.want(err, wire.CodeTooManyRecordings)
}
