// Package clock estimates a device's clock from four-stamp exchanges and maps
// device time to session time and back.
//
// # Exchange
//
// The server starts an [Exchange]: T1 leaves the server, T2 reaches the
// device, T3 leaves the device, T4 reaches the server. T1 and T4 are stamps of
// the server's steady clock, T2 and T3 device time. To an estimator session time
// is the steady clock; where it is steered away from that, the [Line] between the
// two is known exactly, and [Estimate.Over] composes what was learnt with it.
// With the offset θ = device time − session time,
// the floors d (least one-way delays) and the queueing q ≥ 0,
//
//	U = T2 − T1 =  θ + d_f + q_f    (forward)
//	V = T4 − T3 = −θ + d_b + q_b    (backward)
//
// so that −V ≤ θ ≤ U in every exchange. A positive offset means that the
// device's clock reads more than the session's; a positive skew, that it gains.
//
// # Estimate
//
// The directions are filtered apart: an exchange that was queued one way still
// has a good stamp the other way. Over the low envelope of each direction
//
//	skew   γ = argmax [min(U − γτ) + min(V + γτ)]   (concave, one dimension)
//	offset θ = ½ [min(U − γτ) − min(V + γτ)]
//
// γ is shrunk to 0 ± 50 ppm, or to what is remembered of the device. Old points
// age by a slack that covers the wander of the clock, a small one for the skew
// and a larger one for the offset, instead of being cut off by a window.
//
// # Bounds
//
// The hard bound is the intersection of all causal intervals −V ≤ θ ≤ U,
// widened by the clock's resolution and by the drift since. The 99 % bound
// takes equal floors for granted. It comes from the lowest order statistics of
// each direction: their spacings, how far they are spread and what that tells of
// the shape of the queueing near its floor; from the skews that are as likely;
// and from how far recent points are off. A constant asymmetry of the floors
// can't be seen by any two-way method; half the least round trip bounds it.
//
// # Use
//
// The server keeps one [Estimator] and one [Pings] per device and path. Its loop:
//
//  1. Sleep until [Estimator.Due], or until an answer comes.
//  2. When a ping is due, draw a nonce, read T1, tell [Pings.Begin] and [Estimator.Sent],
//     and send the nonce with the present map, in its wire form ([Map.Append]).
//  3. When an answer comes, read T4 first of all, ask [Pings.Answered] for the T1 of its
//     nonce, and give the [Exchange] to [Estimator.Add]. An error tells why an exchange
//     wasn't used; it needs no other treatment. Lost pings need none either: the schedule
//     knows what was sent and what came back.
//  4. Before a command call [Estimator.Burst] with its instant; Due tells if that pays.
//
// The device stamps T2 as soon as it has read a ping, answers with the nonce, T2 and T3, and
// gives the map to its [Follower], in whatever order the maps arrive. The Follower needs
// nothing else. Package clock/loop is all of this over any transport, examples/clock shows it.
//
// Nothing in this package reads a clock, starts a goroutine or locks: time is an
// argument, and a caller that shares a value between goroutines guards it.
package clock
