package upload

import "net/http"

// Observer is told what comes in and what is refused, for counting it and for writing it
// down. Its methods must return at once.
type Observer interface {
	// Received is told of bytes that have come.
	Received(bytes int)
	// Refused is told of a request that was answered with an error of that code.
	Refused(r *http.Request, code string)
}

// nobody observes nothing.
type nobody struct{}

func (nobody) Received(int)                  {}
func (nobody) Refused(*http.Request, string) {}

// Space is what there is of uploads, and room for more, in bytes.
type Space struct {
	Open          int   // uploads that aren't finished
	Free, Reserve int64 // of the disk; Reserve of them are left free
}

// Space tells how many uploads there are, and asks the system for the room on the disk.
func (s *Server) Space() (Space, error) {
	space := Space{Reserve: s.cfg.Reserve}
	for _, u := range s.list() {
		if rec := u.record(); !rec.complete() {
			space.Open++
		}
	}
	var err error
	space.Free, err = s.keep.free()
	return space, err
}
