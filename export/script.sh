# What a file has: has v FILE, has a FILE. Only containers of recordings are opened:
# a file that is a playlist could name others.
formats=matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,ogg,wav,mp3,aac,flac,avi,mpegts
has() {
	[ -n "$(ffprobe -v error -format_whitelist "$formats" -select_streams "$1:0" -show_entries stream=index -of csv=p=0 "$2")" ]
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
