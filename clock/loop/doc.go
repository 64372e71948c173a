// Package loop measures clocks over any transport that carries datagrams or messages: a [Server] for each
// device, and a [Device] at the other end. Each is given a function that sends a frame, and is handed the frames
// that arrive:
//
//	s := loop.NewServer(loop.Config{Source: source, Send: conn.Send})
//	go s.Run(ctx)                     // pings when its estimator wants it
//	s.Receive(frame)                  // for each frame from the device, as soon as it is read
//
//	d := loop.NewDevice(loop.DeviceConfig{Now: now, Send: conn.Send})
//	d.Receive(frame)                  // for each frame from the server, as soon as it is read
//	d.Clock().Now()                   // session time
//
// Frames may be lost, doubled, and overtake each other. Best is a transport that doesn't keep their order and
// sends nothing again, such as UDP; over an ordered one a lost packet delays those behind it, which
// the bounds show. The frames are those of package frame, so that other languages can be at the other end
// ([examples]).
//
// A transport should be the device's alone and authenticate it: whoever can send frames in its name can
// spoil its own clock, and nobody else's.
//
// [examples]: https://github.com/downbeat-sync/downbeat/tree/main/examples
package loop
