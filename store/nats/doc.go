// Package nats keeps sessions in NATS JetStream: in a server inside the
// process, whose files are in one directory and which opens no port, or in a
// NATS server or cluster that several instances share.
//
// A [Store] is one stream laid out as a NATS key-value bucket: the subject is the
// key, only the newest message of a subject is kept, and the message's sequence
// number is the revision. A write is published on the condition that the
// subject is at a revision, so that of several writers one wins, and carries an
// id, so that one that is sent again after a lost answer is stored once.
//
// An instance reads the whole stream once, and follows it from then on. What it has
// read is its mirror: lists and watches are answered from there, so that any
// number of sessions costs the NATS server one reader for each instance, and a
// broken reader is noticed and replaced in one place. A write returns once the
// mirror has it.
//
// Deleting writes a tombstone. Nothing is ever purged: tombstones and whatever
// else is older than a week are dropped by the stream's own limit of age, which also holds
// for what a killed server brings back from its files. What is alive is written
// anew at half that age.
//
//	s, err := nats.Open(ctx, nats.Config{Dir: "/var/lib/downbeat"})
//	go s.Run(ctx)
//	svc, err := session.New(session.Config{Store: s})
package nats
