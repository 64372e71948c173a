package takes

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/downbeat-sync/downbeat/session"
)

// Name is what the files of a take are called that are made or handed out:
// its label and when it began, in letters, digits and hyphens that every file
// system takes, such as plank-20261125T151030Z.
func (t Take) Name() string {
	label := word(t.PostureLabel)
	if label == "" {
		label = "take"
	}
	return label + "-" + time.Unix(0, int64(t.TakeTimestamp)).UTC().Format("20060102T150405Z")
}

// deviceName is what people call a device: by its view and its user's name; empty where it has neither.
func deviceName(r session.Recording) string {
	if r.ViewType == "" || r.Username == "" || r.ViewType == r.Username {
		return cmp.Or(r.ViewType, r.Username)
	}
	return r.ViewType + " (" + r.Username + ")"
}

// Device is what to call the device whose recording it is, whatever is known of it.
func (r Recording) Device() string {
	id, _, _ := strings.Cut(r.DeviceID, "-")
	return cmp.Or(r.DeviceName, r.ViewType, "device "+id)
}

// fileName is what a recording's file is called when the server hands it out: no two of
// a take have the same, since devices' ids and their parts differ.
func (t Take) fileName(r Recording) string {
	name := t.Name()
	if device := word(cmp.Or(r.DeviceName, r.ViewType)); device != "" {
		name += "-" + device
	}
	id, _, _ := strings.Cut(r.DeviceID, "-")
	name += "-" + word(id)
	if r.Part > 1 {
		name += "-part" + strconv.Itoa(r.Part)
	}
	return name + extension(r)
}

// maxWord bounds a word in bytes: two of them, a time and an id are a name that
// every file system takes.
const maxWord = 80

// word keeps the letters and digits of a text, of whatever script, and joins
// them by hyphens.
func word(s string) string {
	parts := strings.FieldsFunc(s, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.Nd) })
	parts = slices.DeleteFunc(parts, func(part string) bool {
		return strings.IndexFunc(part, unicode.IsLetter) < 0 && strings.IndexFunc(part, unicode.IsDigit) < 0
	})
	s = strings.Join(parts, "-") // of marks alone, such as an emoji's, there is nothing to read
	if len(s) > maxWord {
		s = strings.ToValidUTF8(s[:maxWord], "")
	}
	return strings.Trim(s, "-")
}

// endings are those of media, by type where a type has one of its own. A file
// that claims to be something else gets none that anything would open or run.
var endings = map[string]string{
	"video/webm": ".webm", "video/mp4": ".mp4", "video/quicktime": ".mov", "video/x-matroska": ".mkv", "video/ogg": ".ogv",
	"audio/webm": ".webm", "audio/mp4": ".m4a", "audio/ogg": ".ogg", "audio/wav": ".wav", "audio/mpeg": ".mp3", "audio/flac": ".flac",
	".webm": ".webm", ".mp4": ".mp4", ".m4v": ".m4v", ".mov": ".mov", ".mkv": ".mkv", ".ogv": ".ogv", ".avi": ".avi", ".3gp": ".3gp",
	".m4a": ".m4a", ".ogg": ".ogg", ".oga": ".oga", ".opus": ".opus", ".wav": ".wav", ".mp3": ".mp3", ".aac": ".aac", ".flac": ".flac",
}

func extension(r Recording) string {
	if r.FileType != nil {
		kind, _, _ := strings.Cut(*r.FileType, ";")
		if ending, ok := endings[strings.ToLower(strings.TrimSpace(kind))]; ok {
			return ending
		}
	}
	if ending, ok := endings[strings.ToLower(path.Ext(*r.File))]; ok {
		return ending
	}
	return ".bin"
}
