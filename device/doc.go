// Package device makes a Go program a device of a session: it joins over the
// WebSocket, connects its data channels, keeps session time and acts on
// commands at their instant. It is to a Go program what downbeat.js is to a page.
//
//	d := device.New(device.Config{
//		URL: "http://192.168.1.20:8080", SessionID: "studio", Create: true,
//		Act: func(a device.Act) { fmt.Println(a.Name, "at", a.At, "±", a.Bound) },
//	})
//	err := d.Run(ctx) // until ctx ends; comes back by itself after a lost connection
//
// # Acting
//
// Commands arrive ahead of their instants. The device waits for each by session time and calls
// Config.Act at its instant, then reports to the server when it acted. An application that needs time to get
// ready does that in Config.Prepare, which is called as soon as the command is known. A command
// that it would be pointless to carry out, since it is too late, is passed over and
// reported as missed: Config.OnMissed hears of it.
//
// # Asking
//
// The leader of a session has all devices act: [Device.Schedule], [Device.StartRecording],
// [Device.StopRecording], [Device.Cancel], and, for media, [Device.LoadMedia], [Device.Play],
// [Device.PlayFrom], [Device.Pause], [Device.PauseAt], [Device.Seek] and [Device.SetRate]. Each waits for
// the server's answer. A refusal is a [session.Error], whose code is one of package
// wire's, such as wire.CodeNotLeader; a refused request has changed nothing. Without a connection they fail with
// [signaling.ErrEnded], and when ctx ends with the error of ctx; the server may have
// done by then what was asked. [Device.Call] sends any other request of docs/protocol.md.
//
// Reports are different: what a device did must reach the server, however often the
// connection is lost. [Device.RecordingStarted], [Device.RecordingStopped], [Device.RecordingFailed],
// [Device.ReportRecording] and [Device.Upload] go on until the server has answered, or ctx ends.
//
// # Time
//
// Instants are [clock.SessionTime], nanoseconds of the session's one clock; [Device.Clock] tells its
// present, with its bounds. Durations are time.Duration, positions in media as well.
//
// All methods of a Device are safe for concurrent use. Functions of Config are called
// without a lock held, on goroutines as each of them says; Run joins them before it returns.
package device
