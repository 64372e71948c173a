// Package shell is what the program's commands do for people at a shell: clients of a server, its certificate
// authority on this machine, exports, the log, versions, completion. The flags are cmd/downbeat's.
package shell
