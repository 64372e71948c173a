// Package osc speaks Open Sound Control 1.0 with lighting desks, samplers and whatever else understands it.
//
// [Sender] has a device tell a session's acts: ahead of each instant a bundle whose time tag is the instant, and
// at the instant a plain message. [Receiver] takes messages in that start the session's commands, for the leader.
// Both are handed to a device in two steps: Configure before the device is made, Run beside it.
package osc
