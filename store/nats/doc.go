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
// An instance reads what it watches, and nothing else. What is watched of one scope (a session, say)
// is loaded by a direct get and followed from there on by a reader, which is a consumer of the
// stream; one reader follows up to 256 scopes, so that any number of them costs the NATS server few
// readers, and a broken one is noticed and replaced in one place. A watch of keys of many scopes has a
// reader of its own that keeps nothing. Lists of what is watched are answered from what is known here,
// others by direct gets. A write returns once it is seen where it is watched.
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
