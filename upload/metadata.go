package upload

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/downbeat-sync/downbeat/internal/text"
	"github.com/downbeat-sync/downbeat/wire"
)

const (
	tusVersion = "1.0.0"
	bytesType  = "application/offset+octet-stream"

	maxMetadata = 4 << 10  // bytes of Upload-Metadata
	maxSize     = 1e18 - 1 // bytes of anything
	maxName     = 255      // characters of a file's name
	maxType     = 127      // bytes of a media type
)

// parseSize reads a count of bytes: digits alone, maxSize at most.
func parseSize(s string) (n int64, ok bool) {
	if s == "" || len(s) > 18 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// parseMetadata reads Upload-Metadata: pairs of a key and a value in base64.
// Keys that aren't known are ignored, but must be well-formed.
func parseMetadata(s string) (File, error) {
	if len(s) > maxMetadata {
		return File{}, refuse(wire.CodeBadMetadata, "Upload-Metadata may have 4 KiB")
	}
	values := map[string]string{}
	for pair := range strings.SplitSeq(s, ",") {
		key, coded, _ := strings.Cut(strings.Trim(pair, " "), " ")
		value, err := base64.StdEncoding.Strict().DecodeString(coded)
		if _, twice := values[key]; !isKey(key) || twice || err != nil {
			return File{}, refuse(wire.CodeBadMetadata, "Upload-Metadata must be pairs of a key and a value in base64, each key once")
		}
		values[key] = string(value)
	}
	f := File{RecordingID: values["recordingId"], Name: values["filename"], Type: values["filetype"], Size: -1}
	err := f.validate()
	return f, err
}

// validate also brings the name into one spelling.
func (f *File) validate() error {
	name, ok := text.Clean(f.Name, maxName)
	f.Name = name
	switch {
	case !isWord(f.RecordingID):
		return refuse(wire.CodeBadRecordingID, "Upload-Metadata must name a recordingId")
	case !ok:
		return refuse(wire.CodeBadFilename, "filename must be text of at most 255 characters")
	case !text.Fits(f.Type, maxType):
		return refuse(wire.CodeBadFiletype, "filetype must be text of at most 127 bytes")
	}
	return nil
}

func isKey(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// isWord reports whether s is 1 to 64 letters, digits, underscores and hyphens:
// what may be a name of a directory or the beginning of a file's.
func isWord(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool { return !isWordRune(r) })
}

func isWordRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-'
}

// safeName makes of a client's name one that is safe in every file system.
func safeName(s string) string {
	s = s[strings.LastIndexAny(s, `/\`)+1:]
	s = strings.Map(func(r rune) rune {
		if isWordRune(r) || r == '.' {
			return r
		}
		return '_'
	}, s)
	if len(s) > 100 {
		s = s[len(s)-100:] // the ending tells the type
	}
	if s = strings.Trim(s, "."); s == "" {
		return "recording"
	}
	return s
}
