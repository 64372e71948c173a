package upload

import (
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"fmt"
	"hash"
	"path/filepath"
	"time"
)

// fileMode has the permissions of files that are made here.
const fileMode = 0o640

// record is an upload as it is stored: its checkpoint.
type record struct {
	ID       string `json:"id"`
	Metadata string `json:"metadata"` // as the client sent it
	File
	Place
	By      Rank      `json:"by,omitempty"`     // who began it
	Offset  int64     `json:"offset"`           // bytes that are on the disk
	Hash    []byte    `json:"hash"`             // the state of SHA-256 after them
	SHA256  string    `json:"sha256,omitempty"` // once all are there
	Expires time.Time `json:"expires"`
	Whole   *whole    `json:"whole,omitempty"` // what Config.Rewrite has made of it
	Told    bool      `json:"told,omitempty"`  // Recordings.Done has returned
	Concat  concat    `json:"concat,omitempty"`
	Begun   time.Time `json:"begun,omitzero"`

	// Of an upload in a bucket:
	Pieces []piece          `json:"pieces,omitempty"` // where its bytes are
	Made   map[string]whole `json:"made,omitempty"`   // what may be in its place, by the token of who put it there
	Taken  string           `json:"taken,omitempty"`  // another one with each Server that goes on with it
	Gone   bool             `json:"gone,omitempty"`   // it is being removed
}

// piece is an object with some of an upload's bytes.
type piece struct {
	Name string `json:"k"` // behind the upload's id
	Size int64  `json:"n"`
}

// complete reports whether all bytes are there.
func (r *record) complete() bool { return r.SHA256 != "" }

// seal makes the record complete if all bytes are there. A part of a file never is.
func (r *record) seal() error {
	if r.Offset != r.Size || r.Concat == isPart {
		return nil
	}
	h, err := r.restore()
	if err == nil {
		r.SHA256 = hex.EncodeToString(h.Sum(nil))
	}
	return err
}

// path returns where the finished file goes, below Config.Dir.
func (r *record) path() string {
	return filepath.Join("recordings", r.Session, r.Take, r.RecordingID+"-"+safeName(r.Name))
}

func (r *record) finished() Finished {
	f := Finished{File: r.File, Place: r.Place, Path: filepath.ToSlash(r.path()), SHA256: r.SHA256}
	if r.Whole != nil {
		f.Size, f.SHA256 = r.Whole.Size, r.Whole.SHA256
	}
	return f
}

// restore returns the hash of the bytes up to the offset.
func (r *record) restore() (hash.Hash, error) {
	h := sha256.New()
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(r.Hash); err != nil {
		return nil, fmt.Errorf("upload %s: state of the hash: %w", r.ID, err)
	}
	return h, nil
}

func stateOf(h hash.Hash) []byte {
	b, _ := h.(encoding.BinaryMarshaler).MarshalBinary() // SHA-256's never fails
	return b
}
