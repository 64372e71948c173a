// Package exec has a device run a command of the shell at the instant: for cameras, recorders, relays and
// whatever else has a command line.
//
// [Program] is handed to a device in two steps, as all packages below acts are: Configure before the device is
// made, Run beside it.
//
//	p, err := exec.New(exec.Config{Command: "ffmpeg -i /dev/video0 {out}.mkv"})
//	cfg := device.Config{URL: url, SessionID: "studio"}
//	p.Configure(&cfg)
//	d := device.New(cfg)
//	go p.Run(ctx, d)
//	err = d.Run(ctx)
//
// A shell is started as soon as the act is known, and waits; a line on its standard input releases it. So the
// shell's own start costs nothing, and nothing of the command runs before the instant. With Config.Waits the
// command itself runs ahead and waits for that line, so that its start costs nothing either.
//
// At the start of a take the command runs until the take's stop interrupts it (SIGINT). What it wrote to {out}, or
// to its standard output where there is no {out}, is the device's recording, and is uploaded.
// A command that knows when its first frame was captured says so on its file 3: a line "first NS BOUND_NS", by
// CLOCK_MONOTONIC. Of others nobody knows more than that it was between the instant and the end, and the bound
// that the session is told is as long.
package exec
