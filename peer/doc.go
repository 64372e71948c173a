// Package peer is the WebRTC side of Downbeat: it carries clock frames and
// control messages between the server and its devices, and measures each
// device's clock with them.
//
// All devices of a [Server] share one UDP port and, where there is one, one TCP
// port. The server's half of one device is a [Device]; the dialling half, with
// which a Go program becomes a device, is a [Client].
//
// One exchange, in the words of docs/protocol.md:
//
//  1. The Device stamps T1 (session time) and sends a [frame.Ping], which also tells
//     the device its map as far as it is known.
//  2. The device stamps T2 (device time) as soon as it has read the ping.
//  3. It stamps T3 as its last act before it writes the [frame.Pong].
//  4. The Device stamps T4 as soon as it has read the pong, and gives all four
//     to the estimator of the path that the exchange took.
//
// The offset is device time − session time throughout.
//
// There are two paths: the WebSocket, from the first moment, and the data
// channel "clock" once it is open. Each has an estimator of its own, because
// their delays differ; the device gets the map of the better one.
//
// The data channels are opened in-band by the dialling side. pion ignores
// ordered and maxRetransmits on negotiated ones: there a lost frame would hold
// up every later one for its retransmission.
package peer
