package exec_test

import (
	"context"
	"log"
	"os"

	"github.com/downbeat-sync/downbeat/acts/exec"
	"github.com/downbeat-sync/downbeat/device"
)

// A camera with a command line records the takes of a session.
func Example() {
	camera, err := exec.New(exec.Config{Command: "ffmpeg -loglevel error -i /dev/video0 {out}.mkv", Stderr: os.Stderr})
	if err != nil {
		log.Fatal(err)
	}
	cfg := device.Config{URL: "http://localhost:8080", SessionID: "studio"}
	camera.Configure(&cfg)
	d := device.New(cfg)
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	go func() { log.Print(camera.Run(ctx, d)) }()
	log.Print(d.Run(ctx))
}
