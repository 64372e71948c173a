package rules

import (
	"cmp"
	"slices"
	"strings"
	"time"

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
	Changed Instant `json:"changed"`
}

// How many deleted takes and recordings a session knows to be deleted: the oldest are unknown
// instead.
const (
	maxDeletedTakes      = 500
	maxDeletedRecordings = 2000
)

// MaxNote bounds a take's note, in characters.
const MaxNote = 1000

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

// Validate refuses what a take can't be given.
func (q *TakeChange) Validate() error {
	switch {
	case q.PostureLabel == nil && q.Mark == nil && q.Note == nil:
		return Fault(wire.CodeBadTake, "there is nothing to change: postureLabel, mark or note")
	case q.PostureLabel != nil && !IsText(q.PostureLabel, 128):
		return Fault(wire.CodeBadLabel, "postureLabel must be text of at most 128 characters")
	case q.Mark != nil && !slices.Contains([]string{"", "good", "bad"}, *q.Mark):
		return Fault(wire.CodeBadTake, "mark must be good, bad or empty")
	case q.Note != nil && !isNote(q.Note):
		return Fault(wire.CodeBadTake, "note must be text of at most %d characters", MaxNote)
	}
	return nil
}

// isNote is IsText for text of several lines.
func isNote(s *string) bool {
	lines := strings.Split(strings.ReplaceAll(*s, "\r\n", "\n"), "\n")
	for i := range lines {
		if !IsText(&lines[i], MaxNote) {
			return false
		}
	}
	*s = strings.Join(lines, "\n")
	whole := strings.ReplaceAll(*s, "\n", " ")
	return IsText(&whole, MaxNote)
}

// TakeOf returns a copy of what is said of a take, which must be there.
func (s *State) TakeOf(id string) (*takeMeta, error) {
	if t := s.Takes[id]; t != nil {
		if t.Deleted {
			return nil, Fault(wire.CodeUnknownTake, "take %s has been deleted", id)
		}
		c := *t
		return &c, nil
	}
	if c := s.Commands[id]; c != nil && c.Event == wire.StartRecording && !c.Cancelled {
		return &takeMeta{ID: id, Label: c.Label}, nil
	}
	for _, r := range s.Recordings {
		if r.Take == id && !r.Deleted {
			return &takeMeta{ID: id, Label: r.Label}, nil
		}
	}
	return nil, Fault(wire.CodeUnknownTake, "there is no take %s", id)
}

// IsDeleted reports whether a take is known to be deleted.
func (s *State) IsDeleted(takeID string) bool {
	return s.Takes[takeID] != nil && s.Takes[takeID].Deleted
}

// label returns what a take is called now, which began under the label given.
func (s *State) label(takeID, began string) string {
	if t := s.Takes[takeID]; t != nil {
		return t.Label
	}
	return began
}

func (s *State) putTake(t *takeMeta) Change { return s.Put(s.Takes[t.ID] != nil, t, KindTake, t.ID) }

// ChangeTake renames a take, marks it and comments on it.
func ChangeTake(s *State, id string, q TakeChange, now Instant) ([]Change, error) {
	t, err := s.TakeOf(id)
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
	return []Change{s.putTake(t)}, nil
}

// DeleteTake forgets a take with its recordings. While one of them records or is uploaded it
// takes force, which ends that: the take is stopped, or called off. What is left of it says
// that it was there, so that whatever comes late is refused.
func DeleteTake(s *State, id string, force bool, stop func() ([]Change, error), now Instant) ([]Change, error) {
	t, err := s.TakeOf(id)
	if err != nil {
		if s.IsDeleted(id) {
			return unburied(s, now), nil // perhaps by this very request, which had to begin again
		}
		return nil, err
	}
	active := s.activeTake(now)
	busy := active != nil && active.ID == id
	if !force && (busy || s.isUploading(id)) {
		return nil, Fault(wire.CodeRecordingInProgress, "the take is recorded or uploaded just now")
	}
	*t = takeMeta{ID: id, Deleted: true, Changed: now}
	changes := []Change{s.putTake(t)}
	if busy {
		ending, err := stop()
		if err != nil {
			return nil, err
		}
		changes = append(changes, ending...)
	}
	return append(append(changes, s.bury(func(take string) bool { return take == id })...), s.forgetDeleted()...), nil
}

func (s *State) isUploading(takeID string) bool {
	for _, r := range s.Recordings {
		if r.Take == takeID && r.Upload == UploadUploading {
			return true
		}
	}
	return false
}

// bury leaves of takes' recordings what tells that they are deleted.
func (s *State) bury(of func(takeID string) bool) (changes []Change) {
	for _, id := range sortedKeys(s.Recordings) {
		if r := s.Recordings[id]; !r.Deleted && of(r.Take) {
			grave := &RecordingRecord{ID: id, Take: r.Take, TakeAt: r.TakeAt, DeviceID: r.DeviceID, Part: r.Part, Deleted: true}
			if r.Upload == UploadUploaded {
				grave.Upload = UploadUploaded
			}
			changes = append(changes, s.Put(true, grave, KindRecording, id))
		}
	}
	return changes
}

// forgetDeleted forgets the oldest of what is deleted, beyond what is kept of it.
func (s *State) forgetDeleted() (changes []Change) {
	var recordings []*RecordingRecord
	var takes []*takeMeta
	for _, id := range sortedKeys(s.Recordings) {
		if r := s.Recordings[id]; r.Deleted {
			recordings = append(recordings, r)
		}
	}
	for _, id := range sortedKeys(s.Takes) {
		if t := s.Takes[id]; t.Deleted && s.Commands[id] == nil { // a start must not bring recordings back
			takes = append(takes, t)
		}
	}
	slices.SortStableFunc(recordings, func(a, b *RecordingRecord) int { return cmp.Compare(a.TakeAt, b.TakeAt) })
	slices.SortStableFunc(takes, func(a, b *takeMeta) int { return cmp.Compare(a.Changed, b.Changed) })
	for _, r := range recordings[:max(0, len(recordings)-maxDeletedRecordings)] {
		changes = append(changes, s.remove(KindRecording, r.ID))
	}
	for _, t := range takes[:max(0, len(takes)-maxDeletedTakes)] {
		changes = append(changes, s.remove(KindTake, t.ID))
	}
	return changes
}

// takeChanged tells what is said of a take now.
func takeChanged(after *takeMeta) []Notice {
	if after == nil {
		return nil
	}
	return []Notice{tell(wire.TakeChanged, after.Wire())}
}

func (t *takeMeta) Wire() TakeChanged {
	return TakeChanged{t.ID, t.Label, t.Mark, t.Note, t.Deleted, t.Changed.Time()}
}

// EndTake calls a take off that hasn't begun, and stops one that has.
func EndTake(s *State, takeID string, lead time.Duration, now Instant) ([]Change, error) {
	if s.Commands[takeID].Timestamp > now {
		return Cancel(s, "", takeID, now)
	}
	_, changes, err := Stop(s, "", lead, now)
	return changes, err
}

// unburied returns the changes that delete what was recorded of a take when somebody
// deleted it elsewhere, or which that one didn't get to.
func unburied(s *State, _ Instant) []Change {
	for _, id := range sortedKeys(s.Takes) {
		if s.Takes[id].Deleted {
			return s.bury(s.IsDeleted)
		}
	}
	return nil
}
