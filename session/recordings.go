package session

import (
	"cmp"
	"context"
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
	StartTimestamp *clock.SessionTime `json:"startTimestamp"` // the first captured frame's; null until the device has said so
	StartBoundMs   *float64           `json:"startBoundMs"`
	StopTimestamp  *clock.SessionTime `json:"stopTimestamp"` // the last captured frame's
	StopBoundMs    *float64           `json:"stopBoundMs"`
	DiffMs         *float64           `json:"diffMs"`      // to the device of the same take that started before; null for the first
	DiffBoundMs    *float64           `json:"diffBoundMs"` // both devices' bounds together
	UploadStatus   string             `json:"uploadStatus"`
	FileSizeBytes  *int64             `json:"fileSizeBytes"` // null until uploaded
	File           string             `json:"file"`          // its path, where this server took it in
	SHA256         string             `json:"sha256"`
	FileType       string             `json:"fileType"` // media type of the file, as the device told it
}

// Recordings returns a session's recordings: by take, those that have started
// first and by their first frame.
func (s *Service) Recordings(ctx context.Context, sessionID string) (list []Recording, err error) {
	err = s.visit(ctx, sessionID, func(r *room) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		list = r.state.recordingList(s.now())
		return nil
	})
	return list, err
}

func (s *state) recordingList(now instant) []Recording {
	list := []Recording{}
	var before *recording
	for _, r := range s.recordingsByStart() {
		w := s.wireRecording(r, now)
		if r.Started && before != nil && before.Started && before.Take == r.Take {
			diff, bound := millis(r.Start.sub(before.Start)), millis(r.StartBound+before.StartBound)
			w.DiffMs, w.DiffBoundMs = &diff, &bound
		}
		list = append(list, w)
		before = r
	}
	return list
}

func (s *state) recordingsByStart() []*recording {
	all := make([]*recording, 0, len(s.recordings))
	for _, r := range s.recordings {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *recording) int {
		return cmp.Or(cmp.Compare(a.TakeAt, b.TakeAt), cmp.Compare(a.Take, b.Take), cmp.Compare(a.order(), b.order()),
			cmp.Compare(a.Start, b.Start), cmp.Compare(a.DeviceID, b.DeviceID))
	})
	return all
}

// order puts what has started before what hasn't.
func (r *recording) order() int {
	if r.Started {
		return 0
	}
	return 1
}

func (s *state) wireRecording(r *recording, now instant) Recording {
	w := Recording{
		RecordingID: r.ID, SessionID: s.id, TakeID: r.Take, TakeTimestamp: r.TakeAt.time(), PostureLabel: r.Label,
		DeviceID: r.DeviceID, DeviceType: r.Type, ViewType: r.View, UploadStatus: s.uploadStatus(r, now),
		File: r.Path, SHA256: r.SHA256, FileType: r.FileType,
	}
	w.StartTimestamp, w.StartBoundMs = frameTime(r.Started, r.Start, r.StartBound)
	w.StopTimestamp, w.StopBoundMs = frameTime(r.Stopped, r.Stop, r.StopBound)
	if r.Upload == uploadUploaded {
		size := r.Size
		w.FileSizeBytes = &size
	}
	return w
}

func frameTime(known bool, at instant, bound time.Duration) (*clock.SessionTime, *float64) {
	if !known {
		return nil, nil
	}
	t, b := at.time(), millis(bound)
	return &t, &b
}
