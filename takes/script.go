package takes

import (
	_ "embed"
	"fmt"
	"math"
	"strconv"
	"strings"
)

var (
	//go:embed script.sh
	scriptBegin string
	//go:embed script_end.sh
	scriptEnd string
)

// Script returns a POSIX shell script that makes one film of the take with
// ffmpeg: the recordings side by side in sync, their sounds mixed. It is run beside
// the files, and looks itself which of them have pictures and sound. It fails with ErrNothing
// when there is no recording to place.
//
// A file is placed by its first picture, whatever its own times are: each picture is
// right to half a frame of the film, and sound keeps its place beside the pictures. The
// recordings of one device share one place in the film. A file that can't be
// used is left out, and the script says so; it fails when the film isn't what was promised.
func Script(take Take, names Names) ([]byte, error) {
	placed, _ := split(take)
	if len(placed) == 0 {
		return nil, ErrNothing
	}
	length := 0.0
	for _, r := range placed {
		length = max(length, afterFirst(r, placed)+*r.DurationMs)
	}
	cells := byDevice(placed)
	var adds strings.Builder
	for _, parts := range cells {
		adds.WriteString("cell\n")
		for i, r := range parts {
			// A name that begins with ./ is neither an option nor an address.
			file, after := quote("./"+names.base(r)), afterFirst(r, placed)
			until := math.Inf(1)
			if i+1 < len(parts) {
				until = after + *r.DurationMs + lastPicture
			}
			fmt.Fprintf(&adds, addFile, file, seconds(after), seconds(*r.DurationMs), seconds(min(until, length+1000)), file)
		}
	}
	film := quote("./" + take.Name() + "-side-by-side.mp4")
	script := fmt.Sprintf(head, take.Name(), film, seconds(length), len(cells)) + scriptBegin + "\n" + adds.String() + scriptEnd
	return []byte(script), nil
}

// lastPicture is how long the last picture is seen of a recording that another of the
// same device follows, in ms.
const lastPicture = 40

// afterFirst returns how long after the first of the recordings another one begins, in ms.
func afterFirst(r Recording, placed []Recording) float64 {
	return *r.AfterFirstMs - *placed[0].AfterFirstMs
}

// byDevice returns the recordings of each device, which share a cell of the film or a
// track of the timeline, by their first frames.
func byDevice(placed []Recording) (devices [][]Recording) {
	at := map[string]int{}
	for _, r := range placed {
		i, known := at[r.DeviceID]
		if !known {
			i = len(devices)
			at[r.DeviceID] = i
			devices = append(devices, nil)
		}
		devices[i] = append(devices[i], r)
	}
	return devices
}

// head is what the script begins with, addFile what it does with a file.
const (
	head = `#!/bin/sh
# Makes %s-side-by-side.mp4 of the recordings beside this script, in sync. Run it with
# sh. FPS=60 HEIGHT=720 in front of that asks for more than 30 frames a second and 540 lines.
# A file that can't be used is left out, and named in a text beside the film.
set -eu
LC_ALL=C
export LC_ALL
cd "$(dirname -- "$0")"
film=%s length=%s cells=%d
`
	addFile = `if add %s %s %s %s; then set -- "$@" -reinit_filter 0 -format_whitelist "$formats" -itsoffset "$shift" -i %s; fi
`
)

// quote makes one word of the shell of a text, whatever is in it.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// seconds writes milliseconds as seconds, to the microsecond.
func seconds(ms float64) string {
	return strconv.FormatFloat(math.Round(ms*1000)/1e6, 'f', 6, 64)
}
