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
// takes equal floors for granted and comes from the spacings of the lowest
// order statistics of each direction. A constant asymmetry of the floors can't
// be seen by any two-way method; half the least round trip bounds it.
//
// # Use
//
// The server keeps one [Estimator] per device and path, sends a ping whenever
// [Estimator.Due] says so, and sends [Estimate.Map] with it. The device keeps a
// [Follower], which needs nothing but these maps. Nothing in this package reads
// a clock, starts a goroutine or locks: time is an argument, and a caller that
// shares a value between goroutines guards it.
package clock
