// Package disks lets the instances on one store hand out and take in what one of them has on
// its own disk.
//
// A disk is a data directory; its name is made with it. Whoever has a disk writes into the store
// where it is reached. A request for what lies on another instance's disk is passed on to that
// one ([Disks.Forward]), or is answered with what that one sends ([Disks.Open]).
//
// The instance that a client asks looks at what the client may; the other one believes it. Its
// requests are signed with a key that is made of the store's secret, for one method, path and
// disk, and for half a minute. A request that was passed on once isn't passed on again. Nothing but
// what the store says is ever asked.
package disks
