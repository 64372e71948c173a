package takes_test

import (
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/takes"
)

// A take of one recording, as a timeline for an editor.
func ExampleTimeline() {
	start := clock.SessionTime(1_795_431_600_000_000_000)
	stop, file, first, bound, long := start.Add(10*time.Second), "front.webm", 0.0, 1.0, 10_000.0
	take := takes.Take{SessionID: "studio", TakeID: "plank", TakeTimestamp: start, Recordings: []takes.Recording{
		{
			RecordingID: "front", DeviceName: "front, Ann", File: &file, StartTimestamp: &start, StartBoundMs: &bound,
			StopTimestamp: &stop, StopBoundMs: &bound, DurationMs: &long, AfterFirstMs: &first, AfterFirstBoundMs: &bound,
		},
	}}
	b, err := takes.Timeline(take, takes.Kept)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Contains(string(b), `"OTIO_SCHEMA": "Timeline.1"`))
	// Output: true
}
