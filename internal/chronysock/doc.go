// Package chronysock feeds a chronyd on this machine with session time, through the datagrams of its SOCK reference
// clock driver:
//
//	refclock SOCK /run/chrony/downbeat.sock refid BEAT delay 0.01 poll 2
//
// A datagram has the system's time and by how much session time is ahead of it. It has no place for how sure that is:
// nothing is sent while the bound is above [MostBound], which the line's "delay 0.01" tells chronyd.
package chronysock
