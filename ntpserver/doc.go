// Package ntpserver tells session time to NTP clients (RFC 5905): small machines, cameras and daemons that
// can run no device.
//
// It answers client queries (mode 3) of 48 bytes, versions 1 to 4, with server answers (mode 4) of 48 bytes,
// so that nobody gets more bytes than were sent in his name. Everything else is dropped and counted:
// symmetric, broadcast, control and private modes, extension fields and authenticators, and what comes too
// often from one address.
//
//	T2   receive timestamp: when the query reached the kernel (Linux), or was read
//	T3   transmit timestamp: right before the answer leaves
//
// How good the time is a [Quality] says, asked for each answer. The root delay is 0: what is known of the
// way to UTC is all in the root dispersion, which bounds the error by itself.
package ntpserver
