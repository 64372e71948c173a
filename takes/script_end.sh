close_cell

# The outputs: all cells in a row, or in a grid if they are more than four; all sounds mixed.
if [ "$picture" -gt 0 ]; then
	if [ "$picture" -eq 1 ]; then
		filter="$filter${shown}null[picture];"
	elif [ "$cells" -le 4 ]; then
		filter="$filter${shown}hstack=inputs=$picture[picture];"
	else
		filter="$filter${shown}xstack=inputs=$picture:fill=black:layout=${layout#|}[picture];"
	fi
	set -- "$@" -map '[picture]' -c:v libx264 -preset veryfast -crf 20
fi
if [ "$sound" -gt 0 ]; then
	filter="$filter${heard}amix=inputs=$sound:duration=longest:normalize=0,volume=1/$mixed[sound];"
	set -- "$@" -map '[sound]' -c:a aac -b:a 192k
fi
[ "$input" -gt 0 ] || { echo "There is no film to make: these files have neither pictures nor sound that can be decoded." >&2; exit 1; }

notes="${film%.mp4}.txt"
rm -f "$notes"
if [ -n "$left" ]; then
	printf 'Left out of %s:\n%s' "$film" "$left" >"$notes"
	set -- "$@" -metadata "comment=Left out: $left"
fi
ffmpeg -hide_banner -loglevel error -stats -nostdin -y "$@" -filter_complex "${filter%;}" -t "$length" -movflags +faststart "$film"

# promised WHAT V: whether the film has it, and as long as it should be.
promised() {
	awk -v has="$(probe -select_streams "$2:0" -show_entries stream=duration "$film")" -v wants="$length" -v frame="$((2000000 / fps))" \
		'BEGIN { exit !(has != "" && has - wants <= 0.1 && wants - has <= frame / 1e6 + 0.05) }' && return 0
	echo "Something is wrong: $film should have $length s of $1. Look at it before you rely on it." >&2
	exit 1
}
if [ "$picture" -gt 0 ]; then promised pictures V; elif [ "$sound" -gt 0 ]; then promised sound a; fi
if [ -n "$left" ]; then echo "$film is made without some of the recordings: $notes says which, and why." >&2; fi
