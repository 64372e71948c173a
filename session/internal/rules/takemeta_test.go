package rules

import (
	"fmt"
	"testing"
	"time"
)

// TestDeletedIsForgotten: a session doesn't remember everything that was deleted.
func TestDeletedIsForgotten(t *testing.T) {
	b := studio(t)
	for i := range maxDeletedTakes + 2 {
		now := after(time.Duration(i) * time.Second)
		id := fmt.Sprintf("t%03d", i)
		b.do([]Change{b.putTake(&takeMeta{ID: id})}, nil)
		for n := range 5 {
			r := &RecordingRecord{ID: fmt.Sprintf("%s-%d", id, n), Take: id, TakeAt: now}
			b.do(b.putRecording(r), nil)
		}
		b.do(DeleteTake(b.State, id, false, nil, now))
	}
	b.do(b.forgetDeleted(), nil)
	if len(b.Takes) != maxDeletedTakes || len(b.Recordings) != maxDeletedRecordings || b.Takes["t501"] == nil || b.Recordings["t501-4"] == nil {
		t.Errorf("%d takes and %d recordings are remembered", len(b.Takes), len(b.Recordings))
	}
}
