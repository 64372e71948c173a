// Package testnet is the network that tests run on inside a testing/synctest
// bubble: UDP over pion's vnet, with a delay and losses of its own in each
// direction ([Network], [Path]), and TCP over pipes ([Pipes]). All of it lives
// in the bubble's fake time, so that what is sent at an instant arrives at an
// exact later one.
package testnet
