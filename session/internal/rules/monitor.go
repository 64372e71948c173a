package rules

import (
	"bytes"
	"encoding/base64"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// What a device may send to those who watch it.
const (
	MaxStill     = 12 << 10 // bytes of an image
	MonitorEvery = 500 * time.Millisecond
	MonitorBurst = 2 // of what comes at once
)

// Still is what a device sees and hears just now. All is optional.
type Still struct {
	Image  string   `json:"image,omitempty"` // JPEG or WebP of at most 12 KiB, in base64
	Width  int      `json:"width,omitempty"` // of the image
	Height int      `json:"height,omitempty"`
	PeakDb *float64 `json:"peakDb,omitempty"`
	RmsDb  *float64 `json:"rmsDb,omitempty"`
}

// Validate refuses what isn't a small picture.
func (q *Still) Validate() error {
	image, err := base64.StdEncoding.DecodeString(q.Image)
	level := func(db *float64) bool { return db == nil || Within(*db, -1000, 1000) }
	switch {
	case err != nil || len(image) > MaxStill:
		return Fault(wire.CodeBadMonitor, "image must be base64 of at most %d bytes", MaxStill)
	case len(image) > 0 && !isJPEG(image) && !isWebP(image):
		return Fault(wire.CodeBadMonitor, "image must be JPEG or WebP")
	case q.Width < 0 || q.Width > maxPixels || q.Height < 0 || q.Height > maxPixels:
		return Fault(wire.CodeBadMonitor, "width or height is out of range")
	case !level(q.PeakDb) || !level(q.RmsDb):
		return Fault(wire.CodeBadMonitor, "peakDb and rmsDb must be numbers of decibels")
	}
	return nil
}

func isJPEG(b []byte) bool { return bytes.HasPrefix(b, []byte("\xff\xd8\xff")) }

func isWebP(b []byte) bool {
	return len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP"
}
