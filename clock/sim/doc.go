// Package sim plays device clocks and network paths of which the truth is
// known: seeded, repeatable to the last bit, and in simulated time only.
//
// A [Profile] says what the path and the clock are like; a [World] is one such
// device. [World.Exchange] sends one ping through it. [Run] plays the ping
// schedule of an estimator against a World, so that the schedule is judged as
// well as the filter, and [Stats] sums up how far the belief was from the truth.
//
// Queues are correlated in time: independent ones flatter every estimator.
package sim
