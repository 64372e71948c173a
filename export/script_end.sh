
# The outputs: all pictures in a row, or in a grid if they are more than four; all sounds mixed.
set --
if [ "$picture" -gt 0 ]; then
	if [ "$picture" -eq 1 ]; then
		filter="$filter${shown}null[picture];"
	elif [ "$picture" -le 4 ]; then
		filter="$filter${shown}hstack=inputs=$picture[picture];"
	else
		filter="$filter${shown}xstack=inputs=$picture:fill=black:layout=${layout#|}[picture];"
	fi
	set -- -map '[picture]' -c:v libx264 -preset veryfast -crf 20
fi
if [ "$sound" -gt 0 ]; then
	filter="$filter${heard}amix=inputs=$sound:duration=longest:normalize=0,volume=1/$sound[sound];"
	set -- "$@" -map '[sound]' -c:a aac -b:a 192k
fi
[ $# -gt 0 ] || { echo "These files have neither pictures nor sound." >&2; exit 1; }
