// Package signaling is how devices and pages reach the service: HTTP, the
// WebSocket and its JSON messages, and the client half for Go devices.
//
// A connection's first message is join_session, with an SDP offer inside if
// the device can speak WebRTC; the answer travels back in session_joined, so
// that joining and connecting take one round trip. From then on a message is a
// request to the session, on whichever way it came: the WebSocket's text
// frames and the control channel carry the same JSON objects. Binary frames
// are clock frames and go to the device's [Peer] unread.
//
// Each connection has one reader (the HTTP handler's goroutine) and one writer
// with a bounded queue. A reader too slow for its queue is disconnected, never
// waited for.
package signaling

//go:generate go test -count 1 -run ^TestWireJS$ . -update
