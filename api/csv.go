package api

import (
	"encoding/csv"
	"io"
	"mime"
	"strconv"
	"strings"

	"github.com/downbeat-sync/downbeat/clock"
)

// prefersCSV tells whether text/csv is accepted, and JSON less.
func prefersCSV(accept []string) bool {
	var csv, json float64
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		kind, params, err := mime.ParseMediaType(part)
		q := 1.0
		if s, ok := params["q"]; ok {
			q, _ = strconv.ParseFloat(s, 64)
		}
		switch {
		case err != nil:
		case kind == "text/csv":
			csv = q
		case kind == "application/json":
			json = q
		}
	}
	return csv > 0 && csv >= json
}

var csvHeader = []string{
	"sessionId", "postureLabel", "deviceId", "deviceType", "viewType", "startTimestamp", "stopTimestamp", "uploadStatus",
	"fileSizeBytes", "diffMs", "diffBoundMs", "startBoundMs", "stopBoundMs", "takeId", "takeTimestamp", "recordingId", "file", "sha256",
	"uploadedBytes", "uploadLength", "fileType", "part", "username",
}

// writeCSV writes RFC 4180: a header, lines that end with CR LF, quotes where
// they are needed. What isn't known is empty.
func writeCSV(w io.Writer, list []listed) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	_ = c.Write(csvHeader)
	for _, r := range list {
		_ = c.Write([]string{
			cell(r.SessionID), cell(r.PostureLabel), cell(r.DeviceID), cell(r.DeviceType), cell(r.ViewType),
			timeCell(r.StartTimestamp), timeCell(r.StopTimestamp), r.UploadStatus, bytesCell(r.FileSizeBytes), number(r.DiffMs), number(r.DiffBoundMs),
			number(r.StartBoundMs), number(r.StopBoundMs), cell(r.TakeID), timeCell(&r.TakeTimestamp), cell(r.RecordingID),
			cell(r.File), r.SHA256, bytesCell(r.UploadedBytes), bytesCell(r.UploadLength), cell(r.FileType), strconv.Itoa(r.Part), cell(r.Username),
		})
	}
	c.Flush()
	return c.Error()
}

// cell keeps a spreadsheet from taking a text for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsAny(s[:1], "=+-@\t\r\n") {
		return "'" + s
	}
	return s
}

func bytesCell(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

func number(x *float64) string {
	if x == nil {
		return ""
	}
	return strconv.FormatFloat(*x, 'f', -1, 64)
}

func timeCell(t *clock.SessionTime) string {
	if t == nil {
		return ""
	}
	b, err := t.MarshalJSON()
	if err != nil {
		return ""
	}
	return string(b)
}
