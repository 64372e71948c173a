// Package server is Downbeat's server: one instance of it, to be run by itself or within
// another program.
//
// By itself it listens, and serves HTTP and WebRTC on the same port:
//
//	s, err := server.New(ctx, server.Config{Log: slog.Default(), Addr: ":8080", Data: "/var/lib/downbeat"})
//	if err != nil {
//		return err
//	}
//	return s.Run(ctx)
//
// Without Addr and Listener it is an [http.Handler] in a mux of the program's own, here below /beat. WebRTC
// needs a UDP port all the same, and a TCP port where UDP is blocked:
//
//	s, err := server.New(ctx, server.Config{Log: slog.Default(), Prefix: "/beat", RTCAddr: ":8081"})
//	mux.Handle("/beat/", s)
//	go func() { ended <- s.Run(ctx) }()
//
// The program's own http.Server then sets the deadlines of requests, and bounds how many connections there
// are; what takes longer (uploads, downloads, WebSockets) lifts deadlines for itself.
//
// New checks the [Config] once. What is wrong with it is a *[ConfigError], which names the fields: a nil
// Log, a Prefix without a slash in front, two servers' Data in one directory (that one isn't a ConfigError:
// the directory is in use). Run may be called once ([ErrRan]), and fails if its Listener was closed.
package server
