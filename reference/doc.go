// Package reference keeps the session times of the instances on one store one.
//
// One instance is the reference: the holder of a lease, a key of the store that is
// changed by compare-and-set. It alone may follow UTC. The others ask it what its clock
// reads, by frames of four stamps that are authenticated by a secret of the store, over UDP,
// or over the store's own network where that is closed:
//
//	T1, T4   the asker's steady clock
//	T2, T3   the reference's steady clock
//
// A clock.Estimator learns the reference's steady clock against the asker's. The answer
// takes the reference's course along, session time over its steady clock, now and as far
// ahead as is known, so that its being steered is known exactly:
//
//	session time = course(steady + offset)
//
// An instance that has no devices yet steps there; from then on it is slewed. By how much it
// may be off, the estimate's bound and what is still to be slewed, is the Source's Uncertainty,
// which grows while nothing is heard. When the reference is gone, the next holder goes on
// from its own course: nothing is anchored again while one instance lives.
package reference
