package export

import (
	_ "embed"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/downbeat-sync/downbeat/manifest"
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
// right to half a frame of the film, and sound keeps its place beside the pictures.
func Script(take manifest.Take, names Names) ([]byte, error) {
	placed, _ := split(take)
	if len(placed) == 0 {
		return nil, ErrNothing
	}
	var files, adds, inputs strings.Builder
	for _, r := range placed {
		// A name that begins with ./ is neither an option nor an address.
		file := quote("./" + names.base(r))
		after := seconds(*r.AfterFirstMs - *placed[0].AfterFirstMs)
		fmt.Fprintf(&files, " \\\n\t%s", file)
		fmt.Fprintf(&adds, "add %s %s\n", file, after)
		fmt.Fprintf(&inputs, "\t-format_whitelist \"$formats\" -itsoffset \"$(offset %s %s)\" -i %s \\\n", file, after, file)
	}
	film := quote("./" + take.Name() + "-side-by-side.mp4")
	script := fmt.Sprintf(head, take.Name(), files.String()) + scriptBegin + adds.String() + scriptEnd + fmt.Sprintf(tail, inputs.String(), film)
	return []byte(script), nil
}

// head and tail are what the script begins and ends with.
const (
	head = `#!/bin/sh
# Makes %s-side-by-side.mp4 of the recordings beside this script, in sync. Run it
# with sh. FPS=60 HEIGHT=720 in front of that asks for more than 30 frames a second and 540 lines.
set -eu
LC_ALL=C
export LC_ALL
cd "$(dirname -- "$0")"
set --%s

`
	tail = `
ffmpeg -hide_banner -loglevel error -stats -nostdin -y \
%s	-filter_complex "${filter%%;}" "$@" -movflags +faststart \
	%s
`
)

// quote makes one word of the shell of a text, whatever is in it.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// seconds writes milliseconds as seconds, to the microsecond.
func seconds(ms float64) string {
	return strconv.FormatFloat(math.Round(ms*1000)/1e6, 'f', 6, 64)
}
