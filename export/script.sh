# Only containers of recordings are opened: a file that is a playlist could name others.
formats=matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,ogg,wav,mp3,aac,flac,avi,mpegts
probe() { ffprobe -v error -format_whitelist "$formats" -of csv=p=0 "$@"; }

# starts v FILE: when its pictures begin, in seconds of its own time; empty if it has none. a: its sound.
starts() { probe -select_streams "$1:0" -show_entries stream=start_time "$2"; }
has() { [ -n "$(starts "$1" "$2")" ]; }

# offset FILE SECONDS: by how much ffmpeg has to shift the file for its first picture to be so long
# after time 0; without pictures, its first sample (sound of before its own time 0 is a codec's, and not heard). By
# itself ffmpeg begins a file at time 0, with whatever is first in it.
offset() {
	awk -v after="$2" -v whole="$(probe -show_entries format=start_time "$1")" \
		-v picture="$(starts v "$1")" -v sound="$(starts a "$1")" 'BEGIN {
			first = picture != "" ? picture : sound > 0 ? sound : 0
			printf "%.6f", after - first + whole
		}'
}

fps=${FPS:-30} height=${HEIGHT:-540}
command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null || { echo "Install ffmpeg first: this needs ffmpeg and ffprobe." >&2; exit 1; }
for file in "$@"; do
	[ -f "$file" ] || { echo "$file isn't here: put the files of the take beside this script." >&2; exit 1; }
done

pictures=0
for file in "$@"; do
	if has v "$file"; then pictures=$((pictures + 1)); fi
done
columns=1
while [ $((columns * columns)) -lt "$pictures" ]; do columns=$((columns + 1)); done
if [ "$pictures" -le 4 ]; then
	fit="scale=-2:$height"
else
	fit="scale=$height:$height:force_original_aspect_ratio=decrease,pad=$height:$height:(ow-iw)/2:(oh-ih)/2"
fi

# add FILE SECONDS: the next input, which begins so long after time 0. Its picture
# is black until then, its sound silent.
input=0 picture=0 sound=0 filter='' shown='' layout='' heard=''
add() {
	if has v "$1"; then
		filter="$filter[$input:v:0]fps=$fps:start_time=0,$fit,setsar=1,format=yuv420p,drawbox=color=black:t=fill:enable='lt(t+0.5/$fps,$2)'[v$picture];"
		shown="$shown[v$picture]"
		layout="$layout|$((picture % columns * height))_$((picture / columns * height))"
		picture=$((picture + 1))
	fi
	if has a "$1"; then
		filter="$filter[$input:a:0]aresample=48000:async=1:first_pts=0[a$sound];"
		heard="$heard[a$sound]"
		sound=$((sound + 1))
	fi
	input=$((input + 1))
}
