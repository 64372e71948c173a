// Package engineio serves Engine.IO 4, the transport of Socket.IO: HTTP long-polling, WebSockets, and
// the change from the one to the other. What is said over it isn't this package's.
//
//	server := engineio.New(engineio.Config{Open: open})
//	http.Handle("/socket.io/", server)
//	defer server.Close()
//
// Nothing that a client does or leaves out keeps a socket for ever: a ping is due again and again,
// and one that isn't answered in time ends it, also where the client never polls. What waits for a
// slow reader is bounded, and a socket whose bound is reached is closed. The pings also measure the
// round trip ([Socket.RTT]) and tell when a client has what was sent before them ([Socket.Ping]).
package engineio
