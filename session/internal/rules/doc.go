// Package rules is what happens in a session: pure functions of a state, a request and a
// time, which return the changes that are to be stored, or refuse.
//
//	(state, request, now) → changes, or an *Error
//	(state, change)       → notices
//	(state, view, now)    → what is due, and when
//
// A [State] is a session as its entries tell it; [State.Apply] takes an entry in. A
// request such as [Join], [Schedule] or [Start] returns changes of entries, each on the
// condition that the entry is as the state has it. [Derive] tells from an entry before
// and after what the members are told. [Deadlines] is what a session does by itself, and when.
//
// Nothing here waits, locks, logs, draws random numbers or reads a clock: package
// session does, which keeps entries in a store, and members in rooms.
//
// testdata tells as stories what requests come to; begin to read there.
package rules
