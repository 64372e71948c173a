package rules

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Recording is what one device recorded of one take.
type Recording struct {
	RecordingID    string             `json:"recordingId"`
	SessionID      string             `json:"sessionId"`
	TakeID         string             `json:"takeId"`        // the start's commandId
	TakeTimestamp  clock.SessionTime  `json:"takeTimestamp"` // when all devices were to start
	PostureLabel   string             `json:"postureLabel"`
	DeviceID       string             `json:"deviceId"`
	DeviceType     string             `json:"deviceType"`
	ViewType       string             `json:"viewType"`
	Username       string             `json:"username"`       // that the device's user had given when the take began; may be empty
	StartTimestamp *clock.SessionTime `json:"startTimestamp"` // the first captured frame's; null until the device has said so
	StartBoundMs   *float64           `json:"startBoundMs"`
	StopTimestamp  *clock.SessionTime `json:"stopTimestamp"` // the last captured frame's
	StopBoundMs    *float64           `json:"stopBoundMs"`
	DiffMs         *float64           `json:"diffMs"`      // to the device of the same take that started before; null for the first
	DiffBoundMs    *float64           `json:"diffBoundMs"` // both devices' bounds together, less what they have in common
	UploadStatus   string             `json:"uploadStatus"`
	FileSizeBytes  *int64             `json:"fileSizeBytes"` // null until uploaded
	File           string             `json:"file"`          // its path, where this server took it in
	SHA256         string             `json:"sha256"`
	FileType       string             `json:"fileType"` // media type of the file, as the device told it
	Part           int                `json:"part"`     // of those that the device has of the take; 1 for the first
	Report         *RecordingReport   `json:"report"`   // how well it was made; null before the device has said so

	Mark string `json:"-"` // of the take: good, bad or empty
	Note string `json:"-"` // of the take
	Disk string `json:"-"` // that has the file; empty: every instance reaches it

	First Reading `json:"-"` // what StartTimestamp is of
}

// RecordingList returns the recordings by take, then by their device's first frame, then by part.
func (s *State) RecordingList(now Instant) []Recording {
	list := []Recording{}
	var before *RecordingRecord // the first part of the device before
	for _, r := range s.recordingsByStart() {
		w := s.wireRecording(r, now)
		if r.part() == 1 {
			if r.Started && before != nil && before.Started && before.Take == r.Take {
				diff, bound := Millis(r.Start.Sub(before.Start)), Millis(r.first().Apart(before.first()))
				w.DiffMs, w.DiffBoundMs = &diff, &bound
			}
			before = r
		}
		list = append(list, w)
	}
	return list
}

// recordingsByStart returns the recordings by take, then by their device's first frame,
// then by part: what has started before what hasn't.
func (s *State) recordingsByStart() []*RecordingRecord {
	type of struct{ take, device string }
	first := map[of]Instant{}
	all := make([]*RecordingRecord, 0, len(s.Recordings))
	for _, r := range s.Recordings {
		if r.Deleted || s.IsDeleted(r.Take) {
			continue
		}
		all = append(all, r)
		if at, ok := first[of{r.Take, r.DeviceID}]; r.Started && (!ok || r.Start < at) {
			first[of{r.Take, r.DeviceID}] = r.Start
		}
	}
	start := func(r *RecordingRecord) Instant {
		if at, ok := first[of{r.Take, r.DeviceID}]; ok {
			return at
		}
		return math.MaxInt64
	}
	slices.SortFunc(all, func(a, b *RecordingRecord) int {
		return cmp.Or(cmp.Compare(a.TakeAt, b.TakeAt), cmp.Compare(a.Take, b.Take), cmp.Compare(start(a), start(b)),
			cmp.Compare(a.DeviceID, b.DeviceID), cmp.Compare(a.part(), b.part()))
	})
	return all
}

func (s *State) wireRecording(r *RecordingRecord, now Instant) Recording {
	w := Recording{
		RecordingID: r.ID, SessionID: s.ID, TakeID: r.Take, TakeTimestamp: r.TakeAt.Time(), PostureLabel: s.label(r.Take, r.Label),
		DeviceID: r.DeviceID, DeviceType: r.Type, ViewType: r.View, Username: r.User, UploadStatus: s.uploadStatus(r, now),
		File: r.Path, SHA256: r.SHA256, FileType: r.FileType, Part: r.part(), Report: r.Report, Disk: r.Disk,
	}
	if t := s.Takes[r.Take]; t != nil {
		w.Mark, w.Note = t.Mark, t.Note
	}
	w.First = r.first()
	w.StartTimestamp, w.StartBoundMs = frameTime(r.Started, r.Start, r.StartBound)
	w.StopTimestamp, w.StopBoundMs = frameTime(r.Stopped, r.Stop, r.StopBound)
	if r.Upload == UploadUploaded {
		size := r.Size
		w.FileSizeBytes = &size
	}
	return w
}

// first is when the first frame was captured, by the device's clock.
func (r *RecordingRecord) first() Reading {
	return Reading{r.Start, r.StartBound, r.Common, r.Instance}
}

func frameTime(known bool, at Instant, bound time.Duration) (*clock.SessionTime, *float64) {
	if !known {
		return nil, nil
	}
	t, b := at.Time(), Millis(bound)
	return &t, &b
}
