// Package socketio is the door for clients of Socket.IO: what others already run joins sessions
// with socket.io-client as it is. It has Socket.IO's protocol 5 on internal/engineio, and behind it
// a member of a session that has no clock.
//
//	door := socketio.New(socketio.Config{Sessions: sessions, Signaling: signal, Now: now})
//	http.Handle("/socket.io/", door)
//	defer door.Close()
//
// Such a client compares no clocks and sets no timer by session time: it does what it is told when
// it hears it. So the door holds each command back until it arrives at its instant, by half the
// round trip that the pings measure, and reports when the client must have heard it, between the
// sending and the answer to a ping behind it. What the client did then isn't known, and isn't said.
// docs/protocol.md has the contract.
package socketio
