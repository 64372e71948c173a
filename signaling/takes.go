package signaling

import (
	"context"

	"github.com/downbeat-sync/downbeat/internal/plainjson"
	"github.com/downbeat-sync/downbeat/session"
)

func recordingPart(ctx context.Context, l *link, q recordingID) (any, error) {
	part, err := l.member.RecordingPart(ctx, q.RecordingID)
	return part, err
}

type recordingReportData struct {
	RecordingID string                  `json:"recordingId"`
	Report      session.RecordingReport `json:"report"`
}

func recordingReport(ctx context.Context, l *link, q recordingReportData) (any, error) {
	return nil, l.member.RecordingReport(ctx, q.RecordingID, q.Report)
}

type uploadCompletedData struct {
	RecordingID   string `json:"recordingId"`
	FileSizeBytes *int64 `json:"fileSizeBytes"`
}

func uploadCompleted(ctx context.Context, l *link, q uploadCompletedData) (any, error) {
	if q.FileSizeBytes == nil {
		return nil, plainjson.Missing("fileSizeBytes")
	}
	return nil, l.member.UploadCompleted(ctx, q.RecordingID, *q.FileSizeBytes)
}

type recordingID struct {
	RecordingID string `json:"recordingId"`
}

func recordingFailed(ctx context.Context, l *link, q recordingID) (any, error) {
	return nil, l.member.RecordingFailed(ctx, q.RecordingID)
}
