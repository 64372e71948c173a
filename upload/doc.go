// Package upload takes recordings in: resumable uploads by tus 1.0
// (https://tus.io/protocols/resumable-upload), with the extensions creation,
// creation-with-upload, creation-defer-length, termination, concatenation and
// expiration, and by the IETF's draft. The protocol is spoken by the handler of
// tusd; this package is its store, and has the rules.
//
//	uploads, err := upload.New(upload.Config{Dir: dir, Recordings: recordings})
//	go uploads.Run(ctx)
//	mux.Handle("/api/uploads/", uploads)
//
// On the disk, below Config.Dir:
//
//	uploads/<id>.part   the bytes that have arrived
//	uploads/<id>.whole  what Config.Rewrite has made of them, until it gets its place
//	uploads/<id>.json   the checkpoint: how many of them count, and their hash so far
//	recordings/<session>/<take>/<recordingId>-<name>   the finished file
//
// A checkpoint is written once the bytes that it counts are on the disk, and
// replaces the one before it atomically; only then is an offset told. What
// lies behind the offset of the last checkpoint after a crash is cut off: it
// may be real bytes or what a power cut left. The SHA-256 of the whole file is
// part of the checkpoint as the state of the hash, so that nothing is ever read
// again.
//
// A file may come in parts, which are uploads of their own: their bytes are written behind
// each other into one more upload when its client asks for that, and they are removed once
// it is complete.
//
// An upload has one request at a time. A new one interrupts the one before it,
// waits until that has written its checkpoint, and goes on from there.
package upload
