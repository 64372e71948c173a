package upload

import (
	"io"
	"time"
)

// keeper keeps the records, bytes and finished files of a Server's uploads: on a disk of its own,
// or in a bucket that other Servers use as well. What it does with an upload is asked for by who
// holds the upload's turn.
type keeper interface {
	// load brings what there is into Server.all.
	load() error
	// renew brings what other Servers have changed into Server.all, unless that was done less than so
	// long ago.
	renew(old time.Duration) error
	// refresh brings what other Servers have changed of one upload into it, whose turn is held. It
	// fails with errUnknown where it is gone.
	refresh(u *upload) error
	// renewOne does so if nobody holds the turn.
	renewOne(u *upload) error
	// take is refresh for a request: what requests at other Servers have come to from then on is no part
	// of the upload, so that the offset that is told stays.
	take(u *upload) error
	// lookUp returns an upload that another Server has made; nil: there is none.
	lookUp(id string) (*upload, error)

	// begin makes an upload without a byte; its version is returned.
	begin(rec *record) (version string, err error)
	// save writes a record in the place of the version before it. It fails with errSuperseded where
	// another Server has written it meanwhile.
	save(rec *record, before string) (version string, err error)
	// remove removes an upload's record and bytes, but not its finished file.
	remove(rec *record, before string) error

	// extend writes behind the bytes that an upload has.
	extend(rec *record) (extender, error)
	// open reads the bytes that an upload has.
	open(rec *record) (io.ReadCloser, error)
	// free is how many bytes may be written.
	free() (int64, error)

	// place brings a complete file to its place, made whole, and fails with errAlready if the
	// recording has another one.
	place(u *upload) error
	// uploaded reports whether there is a finished file of the recording.
	uploaded(rec *record) (bool, error)
	// drop removes a finished file.
	drop(rec *record) error
	// dropTake and dropSession remove all finished files of one, and what lies beside them.
	dropTake(session, take string) error
	dropSession(session string) error
}

// extender writes behind the bytes that an upload has.
type extender interface {
	io.WriteCloser
	// cut returns what makes all that was written so far last, and notes in a record where it is.
	// Further writes may come meanwhile.
	cut() func(*record) error
	// rewind takes back what was written since a record.
	rewind(to *record) error
}
