package session

import (
	"cmp"
	"slices"
	"strings"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/wire"
)

// takeMeta is what people say of a take, and whether they have deleted it. A take that
// nobody has said anything of has none.
type takeMeta struct {
	ID      string  `json:"id"`
	Label   string  `json:"label,omitempty"` // in the place of the start's
	Mark    string  `json:"mark,omitempty"`  // good or bad
	Note    string  `json:"note,omitempty"`
	Deleted bool    `json:"deleted,omitempty"`
	Changed instant `json:"changed"`
}

// How many deleted takes and recordings a session knows to be deleted: the oldest are unknown
// instead.
const (
	maxDeletedTakes      = 500
	maxDeletedRecordings = 2000
)

// maxNote bounds a take's note, in characters.
const maxNote = 1000

// TakeChange asks for a take to be changed. What is nil stays as it is.
type TakeChange struct {
	PostureLabel *string
	Mark         *string // good, bad, or empty for none
	Note         *string // may have several lines
}

// TakeChanged is the data of take_changed, and what a take is like after a change.
type TakeChanged struct {
	TakeID       string            `json:"takeId"`
	PostureLabel string            `json:"postureLabel"`
	Mark         string            `json:"mark"`
	Note         string            `json:"note"`
	Deleted      bool              `json:"deleted"`
	Timestamp    clock.SessionTime `json:"timestamp"`
}

func (q *TakeChange) validate() error {
	switch {
	case q.PostureLabel == nil && q.Mark == nil && q.Note == nil:
		return fault(wire.CodeBadTake, "there is nothing to change: postureLabel, mark or note")
	case q.PostureLabel != nil && !isText(q.PostureLabel, 128):
		return fault(wire.CodeBadLabel, "postureLabel must be text of at most 128 characters")
	case q.Mark != nil && !slices.Contains([]string{"", "good", "bad"}, *q.Mark):
		return fault(wire.CodeBadTake, "mark must be good, bad or empty")
	case q.Note != nil && !isNote(q.Note):
		return fault(wire.CodeBadTake, "note must be text of at most %d characters", maxNote)
	}
	return nil
}

// isNote is isText for text of several lines.
func isNote(s *string) bool {
	lines := strings.Split(strings.ReplaceAll(*s, "\r\n", "\n"), "\n")
	for i := range lines {
		if !isText(&lines[i], maxNote) {
			return false
		}
	}
	*s = strings.Join(lines, "\n")
	whole := strings.ReplaceAll(*s, "\n", " ")
	return isText(&whole, maxNote)
}

// takeOf returns a copy of what is said of a take, which must be there.
func (s *state) takeOf(id string) (*takeMeta, error) {
	if t := s.takes[id]; t != nil {
		if t.Deleted {
			return nil, fault(wire.CodeUnknownTake, "take %s has been deleted", id)
		}
		c := *t
		return &c, nil
	}
	if c := s.commands[id]; c != nil && c.Event == wire.StartRecording && !c.Cancelled {
		return &takeMeta{ID: id, Label: c.Label}, nil
	}
	for _, r := range s.recordings {
		if r.Take == id && !r.Deleted {
			return &takeMeta{ID: id, Label: r.Label}, nil
		}
	}
	return nil, fault(wire.CodeUnknownTake, "there is no take %s", id)
}

// isDeleted reports whether a take is known to be deleted.
func (s *state) isDeleted(takeID string) bool {
	return s.takes[takeID] != nil && s.takes[takeID].Deleted
}

// label returns what a take is called now, which began under the label given.
func (s *state) label(takeID, began string) string {
	if t := s.takes[takeID]; t != nil {
		return t.Label
	}
	return began
}

func (s *state) putTake(t *takeMeta) change { return s.put(s.takes[t.ID] != nil, t, kindTake, t.ID) }

// changeTake renames a take, marks it and comments on it.
func changeTake(s *state, id string, q TakeChange, now instant) ([]change, error) {
	t, err := s.takeOf(id)
	if err != nil {
		return nil, err
	}
	before := *t
	for to, from := range map[*string]*string{&t.Label: q.PostureLabel, &t.Mark: q.Mark, &t.Note: q.Note} {
		if from != nil {
			*to = *from
		}
	}
	if *t == before {
		return nil, nil
	}
	t.Changed = now
	return []change{s.putTake(t)}, nil
}

// deleteTake forgets a take with its recordings. While one of them records or is uploaded it
// takes force, which ends that: the take is stopped, or called off. What is left of it says
// that it was there, so that whatever comes late is refused.
func deleteTake(s *state, id string, force bool, stop func() ([]change, error), now instant) ([]change, error) {
	t, err := s.takeOf(id)
	if err != nil {
		if s.isDeleted(id) {
			return unburied(s, now), nil // perhaps by this very request, which had to begin again
		}
		return nil, err
	}
	active := s.activeTake(now)
	busy := active != nil && active.ID == id
	if !force && (busy || s.isUploading(id)) {
		return nil, fault(wire.CodeRecordingInProgress, "the take is recorded or uploaded just now")
	}
	*t = takeMeta{ID: id, Deleted: true, Changed: now}
	changes := []change{s.putTake(t)}
	if busy {
		ending, err := stop()
		if err != nil {
			return nil, err
		}
		changes = append(changes, ending...)
	}
	return append(append(changes, s.bury(func(take string) bool { return take == id })...), s.forgetDeleted()...), nil
}

func (s *state) isUploading(takeID string) bool {
	for _, r := range s.recordings {
		if r.Take == takeID && r.Upload == uploadUploading {
			return true
		}
	}
	return false
}

// bury leaves of takes' recordings what tells that they are deleted.
func (s *state) bury(of func(takeID string) bool) (changes []change) {
	for _, id := range sortedKeys(s.recordings) {
		if r := s.recordings[id]; !r.Deleted && of(r.Take) {
			grave := &recording{ID: id, Take: r.Take, TakeAt: r.TakeAt, DeviceID: r.DeviceID, Part: r.Part, Deleted: true}
			if r.Upload == uploadUploaded {
				grave.Upload = uploadUploaded
			}
			changes = append(changes, s.put(true, grave, kindRecording, id))
		}
	}
	return changes
}

// forgetDeleted forgets the oldest of what is deleted, beyond what is kept of it.
func (s *state) forgetDeleted() (changes []change) {
	var recordings []*recording
	var takes []*takeMeta
	for _, id := range sortedKeys(s.recordings) {
		if r := s.recordings[id]; r.Deleted {
			recordings = append(recordings, r)
		}
	}
	for _, id := range sortedKeys(s.takes) {
		if t := s.takes[id]; t.Deleted && s.commands[id] == nil { // a start must not bring recordings back
			takes = append(takes, t)
		}
	}
	slices.SortStableFunc(recordings, func(a, b *recording) int { return cmp.Compare(a.TakeAt, b.TakeAt) })
	slices.SortStableFunc(takes, func(a, b *takeMeta) int { return cmp.Compare(a.Changed, b.Changed) })
	for _, r := range recordings[:max(0, len(recordings)-maxDeletedRecordings)] {
		changes = append(changes, s.remove(kindRecording, r.ID))
	}
	for _, t := range takes[:max(0, len(takes)-maxDeletedTakes)] {
		changes = append(changes, s.remove(kindTake, t.ID))
	}
	return changes
}

// takeChanged tells what is said of a take now.
func takeChanged(after *takeMeta) []notice {
	if after == nil {
		return nil
	}
	return []notice{tell(wire.TakeChanged, after.wire())}
}

func (t *takeMeta) wire() TakeChanged {
	return TakeChanged{t.ID, t.Label, t.Mark, t.Note, t.Deleted, t.Changed.time()}
}
