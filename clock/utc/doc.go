// Package utc keeps session time near UTC by asking NTP servers (RFC 5905).
//
// Each server is asked by itself, and its answers go to a clock.Estimator, which filters
// the two directions apart, learns the server's rate against this machine's
// monotonic clock, and states a bound. What is measured is the steady clock
// (clock.Source.Local), never the steered one, so that steering disturbs no
// estimate:
//
//	offset = server's UTC − local          session − UTC = (session − local) − offset
//
// From each server follows an interval that holds UTC if the server is right:
// its offset ± its root distance, which is half the delay to it, the estimate's
// 99 % bound, half its own delay to its reference clock, and its own dispersion.
// Marzullo's intersection finds the offsets on which most servers agree; a
// majority of those that answer is needed, the others are falsetickers. Session
// time is then slewed to the weighted mean of the majority within that
// intersection. Its root distance is the farthest that UTC can lie from it
// within the intersection.
//
// Signs: an offset is UTC − the clock in question, as RFC 5905 has it.
package utc
