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
// A command that it would be pointless to carry out, since it is too late, is passed over and
// reported as missed: Config.OnMissed hears of it.
package device
