fps=${FPS:-30} height=${HEIGHT:-540}
command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null || { echo "Install ffmpeg first: this needs ffmpeg and ffprobe." >&2; exit 1; }

# Only containers of recordings are opened: a file that is a playlist could name others.
formats=matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,ogg,wav,mp3,aac,flac,avi,mpegts
probe() { ffprobe -v error -format_whitelist "$formats" -of csv=p=0 "$@"; }

# decodes V FILE: whether its first picture can be decoded; a: its first sound. Cover art (which v has too) is no picture.
decodes() { [ -n "$(probe -select_streams "$1:0" -read_intervals '%+#20' -show_entries frame=pts_time "$2" 2>/dev/null)" ]; }

# starts V FILE: when its pictures begin, in seconds of its own time; empty if it has none. a: its sound.
starts() { probe -select_streams "$1:0" -show_entries stream=start_time "$2"; }

# shift_of FILE SECONDS: by how much ffmpeg has to shift the file for its first picture to be so long
# after time 0; without pictures, its first sample (sound of before its own time 0 is a codec's, and not heard). By
# itself ffmpeg begins a file at time 0, with whatever is first in it.
shift_of() {
	awk -v after="$2" -v whole="$(probe -show_entries format=start_time "$1")" \
		-v picture="$(starts V "$1")" -v sound="$(starts a "$1")" 'BEGIN {
			first = picture != "" ? picture : sound > 0 ? sound : 0
			printf "%.6f", after - first + whole
		}'
}

# leave_out FILE WHY: the film is made without it, and says so.
left=''
leave_out() {
	echo "Left out: $1 $2" >&2
	left="$left$1 $2
"
}

# short FILE SECONDS: says so when the file is shorter than its device said.
short() {
	awk -v has="$(probe -show_entries format=duration "$1")" -v wants="$2" 'BEGIN { exit !(has > 0 && wants - has > 0.5) }' || return 0
	echo "Note: $1 is shorter than the $2 s that its device recorded; its last picture stands still." >&2
}

# A cell is what one camera has of the film; all of them have one size. More than four are squares in a grid.
if [ "$cells" -le 4 ]; then
	width=${WIDTH:-$((height * 16 / 9 / 2 * 2))} columns=$cells
else
	width=${WIDTH:-$height} columns=1
	while [ $((columns * columns)) -lt "$cells" ]; do columns=$((columns + 1)); done
fi
# A picture may change its size within a file, as a phone is turned: each is fitted by itself.
fit="scale=$width:$height:force_original_aspect_ratio=decrease:force_divisible_by=2:eval=frame,pad=$width:$height:(ow-iw)/2:(oh-ih)/2:eval=frame,setsar=1,format=yuv420p"

input=0 picture=0 sound=0 layer=0 filter='' shown='' layout='' heard='' sounding=0 mixed=0

# cell: the next camera.
cell() {
	close_cell
	layer=0 sounding=0
}

# close_cell: what the layers of a cell come to is seen in the film.
close_cell() {
	mixed=$((mixed + sounding))
	if [ "$layer" -eq 0 ]; then return 0; fi
	shown="$shown[c${picture}_$layer]"
	layout="$layout|$((picture % columns * width))_$((picture / columns * height))"
	picture=$((picture + 1))
}

# add FILE SECONDS LENGTH UNTIL: lays a file into the cell, so long after time 0: its pictures are seen from then until
# that time, its sound is heard. Fails when nothing of it can be used, and says why.
add() {
	if [ ! -f "$1" ]; then
		leave_out "$1" "isn't here: put the files of the take beside this script"
		return 1
	fi
	seen=0
	if decodes V "$1"; then
		if [ "$layer" -eq 0 ]; then filter="${filter}color=black:s=${width}x$height:r=$fps:d=$length,setsar=1,format=yuv420p[c${picture}_0];"; fi
		filter="$filter[$input:V:0]fps=$fps,$fit[p$input];"
		filter="$filter[c${picture}_$layer][p$input]overlay=enable='lt(t+0.5/$fps,$4)'[c${picture}_$((layer + 1))];"
		layer=$((layer + 1)) seen=1
	fi
	if decodes a "$1"; then
		filter="$filter[$input:a:0]aresample=48000:async=1:first_pts=0[a$sound];"
		heard="$heard[a$sound]"
		sound=$((sound + 1)) sounding=1 seen=1
	fi
	if [ "$seen" -eq 0 ]; then
		wrong=$(probe -show_entries format=nb_streams "$1" 2>&1 >/dev/null | tail -n 1)
		leave_out "$1" "has neither pictures nor sound that can be decoded${wrong:+, ffprobe says: $wrong}"
		return 1
	fi
	short "$1" "$3"
	shift=$(shift_of "$1" "$2")
	input=$((input + 1))
}

set --
