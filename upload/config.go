package upload

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/downbeat-sync/downbeat/objects"
)

// Config sets a Server up. Recordings, and Dir or Bucket, are required.
type Config struct {
	Dir        string          // where uploads/ and recordings/ are, on one file system
	Bucket     *objects.Bucket // where they are instead; further Servers with the same one may go on with each other's uploads
	Recordings Recordings      // to whom the files belong
	Disk       string          // names Dir among the directories of other servers, in the addresses of its uploads; without a dot; default: nothing does

	MaxSize    int64         // bytes that one file may have; default 64 GiB
	Reserve    int64         // bytes of the disk that stay free; default 1 GiB, negative: none; of a bucket nobody knows
	MaxOpen    int           // unfinished uploads at a time; default 2000
	PerSession int           // of one session; default 1000
	PerDevice  int           // of one device's recordings; default 32
	Keep       time.Duration // how long an upload stays without a request; default 24 h
	Unbegun    time.Duration // the same before its first byte; default 2 min
	Idle       time.Duration // how long a request may send nothing; default 60 s
	Checkpoint int64         // bytes between two checkpoints of one request; default 32 MiB, with a bucket, where they are held in memory, 8

	// Rewrite makes of a file that has arrived what is to be kept of it: it reads in, which has f.Size bytes, and
	// writes out. Where it fails, or says that nothing changed, the file is kept as it arrived. By default nothing is rewritten.
	Rewrite func(ctx context.Context, f Finished, in io.ReaderAt, out io.Writer) (changed bool, err error)

	Now  func() time.Time                // default: time.Now
	Free func(dir string) (int64, error) // bytes that may be written to dir's disk; default: asks the system
	Log  *slog.Logger                    // default: silent

	Observe Observer // default: nobody
}

// Recordings is what an upload belongs to. Its methods are called from any
// goroutine and may block for as long as their context lets them.
type Recordings interface {
	// Begin tells where a file belongs that somebody wants to upload. It
	// refuses with an [Error]. It is called again now and then while the upload goes on.
	Begin(ctx context.Context, f File) (Place, error)
	// Done is told once of each finished file, and again after a crash that
	// came before its return was noted: telling twice must do nothing. After
	// [ErrUnknown] it isn't asked again, after [ErrUnwanted] the file is removed as
	// well, after other errors it is asked again.
	Done(ctx context.Context, f Finished) error
	// GivenUp is told of a recording of which no upload is left: it was refused
	// after Begin, was terminated or has expired.
	GivenUp(ctx context.Context, recordingID string) error
}

// ErrUnknown says that nobody knows a recording any more.
var ErrUnknown = errors.New("the recording is not known any more")

// ErrUnwanted says that a finished file is not to be kept: its recording was deleted, or it
// is nothing. What else the error wraps, an [Error], is the client's answer.
var ErrUnwanted = errors.New("the file is not to be kept")

// File is what a client says of the file that it wants to upload.
type File struct {
	RecordingID string `json:"recordingId"`
	Name        string `json:"filename"` // as the client calls it; may be empty
	Type        string `json:"filetype"` // its media type; may be empty
	Size        int64  `json:"size"`     // bytes; -1 while it isn't known
}

// Place says which take a recording is of. Session and Take are names of directories: 1 to
// 64 letters, digits, underscores and hyphens. Device is whoever records it: for Config.PerDevice.
type Place struct {
	Session string `json:"session"`
	Take    string `json:"take"`
	Device  string `json:"device,omitempty"`
}

// Rank orders those who may upload a recording. An upload takes the place of another one
// of the same recording only if its rank isn't lower.
type Rank int

// The ranks of those who upload.
const (
	Anybody   Rank = iota // nothing is known of the client
	Commander             // may command the recording's session
	Recorder              // is the device that recorded
)

// Finished is a file that has arrived as a whole. Its size and hash are those of what is kept.
type Finished struct {
	File
	Place
	Path   string // below Config.Dir, with slashes
	SHA256 string // hexadecimal
}

func (c Config) withDefaults() (Config, error) {
	if (c.Dir == "") == (c.Bucket == nil) || c.Recordings == nil {
		return c, errors.New("upload: Recordings, and one of Dir and Bucket, are required")
	}
	if c.Bucket != nil {
		c.Checkpoint = cmp.Or(c.Checkpoint, 8<<20)
	}
	c.MaxSize = cmp.Or(c.MaxSize, 64<<30)
	c.Reserve = max(0, cmp.Or(c.Reserve, 1<<30))
	c.MaxOpen = cmp.Or(c.MaxOpen, 2000)
	c.PerSession = cmp.Or(c.PerSession, 1000)
	c.PerDevice = cmp.Or(c.PerDevice, 32)
	c.Keep = cmp.Or(c.Keep, 24*time.Hour)
	c.Unbegun = cmp.Or(c.Unbegun, 2*time.Minute)
	c.Idle = cmp.Or(c.Idle, time.Minute)
	c.Checkpoint = cmp.Or(c.Checkpoint, 32<<20)
	if c.MaxSize < 0 || c.MaxOpen < 0 || c.PerSession < 0 || c.PerDevice < 0 || c.Keep < 0 || c.Unbegun < 0 || c.Idle < 0 || c.Checkpoint < 0 {
		return c, errors.New("upload: a limit of the configuration is negative")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Free == nil {
		c.Free = freeBytes
	}
	if c.Observe == nil {
		c.Observe = nobody{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}
