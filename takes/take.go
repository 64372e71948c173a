package takes

import (
	"path"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
)

// Take is a take with its recordings: the content of its manifest.
type Take struct {
	Version       int               `json:"version"`
	SessionID     string            `json:"sessionId"`
	TakeID        string            `json:"takeId"`
	PostureLabel  string            `json:"postureLabel"`
	TakeTimestamp clock.SessionTime `json:"takeTimestamp"` // when all devices were to start
	Mark          string            `json:"mark"`          // good, bad or empty
	Note          string            `json:"note"`
	Recordings    []Recording       `json:"recordings"` // by their first frame
}

// Recording is one device's part of the take. What isn't known is null.
type Recording struct {
	RecordingID       string             `json:"recordingId"`
	DeviceID          string             `json:"deviceId"`
	DeviceType        string             `json:"deviceType"`
	ViewType          string             `json:"viewType"`
	DeviceName        string             `json:"deviceName"`     // for people: its view and its user's name, as they were then
	StartTimestamp    *clock.SessionTime `json:"startTimestamp"` // of the first frame
	StartBoundMs      *float64           `json:"startBoundMs"`
	StopTimestamp     *clock.SessionTime `json:"stopTimestamp"` // of the last frame
	StopBoundMs       *float64           `json:"stopBoundMs"`
	DurationMs        *float64           `json:"durationMs"`        // from the first frame to the last
	AfterFirstMs      *float64           `json:"afterFirstMs"`      // from the first frame of the take to this recording's
	AfterFirstBoundMs *float64           `json:"afterFirstBoundMs"` // of the error of that
	UploadStatus      string             `json:"uploadStatus"`
	File              *string            `json:"file"` // beside this one
	FileSizeBytes     *int64             `json:"fileSizeBytes"`
	SHA256            *string            `json:"sha256"`
	FileType          *string            `json:"fileType"`     // media type, as the device told it
	DownloadName      *string            `json:"downloadName"` // of the file, when the server hands it out
	Part              int                `json:"part"`         // of the device's recordings of the take, 1 for the first

	Report *session.RecordingReport `json:"report"` // how well it was made, as the device told

	first session.Reading // of the first frame
}

// Of returns the takes of a session's recordings, which are in the order of
// [session.Service.StoredRecordings].
func Of(list []session.Recording) []Take {
	var takes []Take
	for _, r := range list {
		if len(takes) == 0 || takes[len(takes)-1].TakeID != r.TakeID {
			takes = append(takes, Take{
				Version: ManifestVersion, SessionID: r.SessionID, TakeID: r.TakeID,
				PostureLabel: r.PostureLabel, TakeTimestamp: r.TakeTimestamp, Mark: r.Mark, Note: r.Note,
			})
		}
		take := &takes[len(takes)-1]
		take.Recordings = append(take.Recordings, take.describe(r))
	}
	return takes
}

func (t *Take) describe(r session.Recording) Recording {
	d := Recording{
		RecordingID: r.RecordingID, DeviceID: r.DeviceID, DeviceType: r.DeviceType, ViewType: r.ViewType, DeviceName: deviceName(r),
		StartTimestamp: r.StartTimestamp, StartBoundMs: r.StartBoundMs, StopTimestamp: r.StopTimestamp, StopBoundMs: r.StopBoundMs,
		DurationMs: between(r.StartTimestamp, r.StopTimestamp), AfterFirstMs: between(r.StartTimestamp, r.StartTimestamp), AfterFirstBoundMs: within(r.StartTimestamp, 0),
		UploadStatus: settled(r.UploadStatus), FileSizeBytes: r.FileSizeBytes,
		Part: r.Part, Report: r.Report, first: r.First,
	}
	for _, first := range t.Recordings {
		if first.StartTimestamp != nil {
			d.AfterFirstMs = between(first.StartTimestamp, r.StartTimestamp)
			d.AfterFirstBoundMs = within(r.StartTimestamp, r.First.Apart(first.first))
			break
		}
	}
	if r.File != "" {
		name, sum := path.Base(r.File), r.SHA256
		d.File, d.SHA256 = &name, &sum
		if r.FileType != "" {
			d.FileType = &r.FileType
		}
		handedOut := t.fileName(d)
		d.DownloadName = &handedOut
	}
	return d
}

// settled is a status without what the passing of time makes of it: the file
// is written when something changes, and read at any time.
func settled(status string) string {
	if status == "recording" {
		return "pending"
	}
	return status
}

// within returns a bound of a time in milliseconds; nil where that time isn't known.
func within(of *clock.SessionTime, bound time.Duration) *float64 {
	if of == nil {
		return nil
	}
	ms := float64(bound) / float64(time.Millisecond)
	return &ms
}

// between returns how many milliseconds lie from a to b, or nil.
func between(a, b *clock.SessionTime) *float64 {
	if a == nil || b == nil {
		return nil
	}
	ms := float64(b.Sub(*a).Microseconds()) / 1000
	return &ms
}
